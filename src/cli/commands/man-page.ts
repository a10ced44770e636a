/** `sandfit man-page`: what the build writes to man/sandfit.1. */

import { Command } from "@commander-js/extra-typings";
import { VERSION } from "../../version.js";
import { declaredIn } from "../declared.js";
import { ENVIRONMENT, EXIT_CODES } from "../help-texts.js";
import { manPage } from "../man-page.js";
import { print } from "../output.js";

export const command = new Command("man-page").description("print the manual page, as roff").action(async (_options, self) => {
  const { program, commands } = declaredIn(self.parent!);
  await print(manPage(program, commands, { version: VERSION, sections: [EXIT_CODES, ENVIRONMENT] }));
});
