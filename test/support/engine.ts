/** Makes the tables and the WebAssembly that src imports, where they are missing or old. The build of the command does the same. */

const script = "../../scripts/engine.mjs";

export default async function makeEngine(): Promise<void> {
  const { buildEngine } = (await import(script)) as { buildEngine: () => Promise<void> };
  await buildEngine();
}
