/** Markdown files are bundled as their text (scripts/bundle.mjs). */
declare module "*.md" {
  const text: string;
  export default text;
}
