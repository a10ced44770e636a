/** The manual page, in the man(7) macros, from what the commands declare. */

import type { DeclaredCommand } from "./declared.js";

export interface ManPageTexts {
  readonly version: string;
  /** What --help says behind the commands: "Exit codes:" and "Environment:", each with indented lines. */
  readonly sections: readonly string[];
}

/** sandfit.1; ends with a line feed. It has no date: what is built twice is the same. */
export function manPage(program: DeclaredCommand, commands: readonly DeclaredCommand[], texts: ManPageTexts): string {
  const lines = [
    `.TH SANDFIT 1 "" "sandfit ${texts.version}" "User Commands"`,
    ".SH NAME",
    `sandfit \\- check, fix and run Linux programs for gVisor`,
    ".SH SYNOPSIS",
    ".B sandfit",
    ".I command",
    "[options] [arguments]",
    ".SH DESCRIPTION",
    escaped(program.description),
    ".PP",
    "Nothing that is checked, fixed or packed is executed.",
    ".SH COMMANDS",
  ];
  for (const command of commands) {
    lines.push(`.SS "sandfit ${escaped(command.name)} ${escaped(command.usage)}"`, `${escaped(sentence(command.description))}`);
    for (const { name, description } of command.arguments)
      if (description !== "") lines.push(".TP", `.I ${escaped(name)}`, escaped(description));
    for (const { flags, description } of command.options) lines.push(".TP", `.B ${escaped(flags)}`, escaped(description));
  }
  for (const section of texts.sections) lines.push(...sectionLines(section));
  lines.push(".SH SEE ALSO", "https://gvisor.dev", "");
  return lines.join("\n");
}

/** A heading that ends with a colon, and lines below it as they are. */
function sectionLines(section: string): string[] {
  const [heading = "", ...lines] = section.trim().split("\n");
  return [`.SH ${heading.replace(/:$/, "").toUpperCase()}`, ".nf", ...lines.map(escaped), ".fi"];
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** groff_char(7): a hyphen that can be copied, and nothing at the start of a line that is a request. */
function escaped(text: string): string {
  const safe = text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll('"', "\\(dq");
  return /^[.']/.test(safe) ? `\\&${safe}` : safe;
}
