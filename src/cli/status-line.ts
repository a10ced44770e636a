/** One line on standard error that says what is going on, where that is a terminal. */

import { isatty } from "node:tty";
import { complain } from "./output.js";

export interface StatusLine {
  show(text: string): void;
  clear(): void;
}

export function statusLine(): StatusLine {
  if (!isatty(2) || process.env["TERM"] === "dumb") return { show() {}, clear() {} };
  let isShown = false;
  return {
    show(text) {
      isShown = true;
      complain(`\r\u001b[K${text.slice(0, 78)}`);
    },
    clear() {
      if (isShown) complain("\r\u001b[K");
      isShown = false;
    },
  };
}
