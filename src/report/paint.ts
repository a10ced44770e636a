/** Colours as functions, so that reports can be made with and without them and know no terminal. */

export interface Paint {
  /** For what a line is about. */
  bold(text: string): string;
  /** For what may be passed over. */
  dim(text: string): string;
  /** For what fails. */
  red(text: string): string;
  /** For what runs. */
  green(text: string): string;
  /** For what may fail. */
  yellow(text: string): string;
  /** For the names of rules. */
  cyan(text: string): string;
}

const same = (text: string) => text;

/** No colours at all. */
export const plain: Paint = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same };
