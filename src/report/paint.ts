/** Colours as functions, so that reports can be made with and without them and know no terminal. */

export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

const same = (text: string) => text;

/** No colours at all. */
export const plain: Paint = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same };
