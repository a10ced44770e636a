/** `sandfit completion`: what a shell needs to complete commands and options, from their declarations. */

import { Argument, Command } from "@commander-js/extra-typings";
import { bashCompletion } from "../completion/bash.js";
import { fishCompletion } from "../completion/fish.js";
import { zshCompletion } from "../completion/zsh.js";
import { declaredIn } from "../declared.js";
import { print } from "../output.js";

const shells = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

export const command = new Command("completion")
  .description("print a completion script for a shell")
  .addArgument(
    new Argument(
      "<shell>",
      "bash: source <(sandfit completion bash); zsh: likewise; fish: sandfit completion fish | source",
    ).choices(["bash", "zsh", "fish"] as const),
  )
  .action(async (shell, _options, self) => {
    await print(shells[shell](declaredIn(self.parent!).commands));
  });
