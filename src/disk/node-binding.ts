/** What Node's own modules are built on, without those modules: some load a dozen others for one function. */

/**
 * The part of Node of that name, as Node's modules have it: in Node 20 alone, which changes no more. Undefined elsewhere and where it is
 * refused; then the module does the same.
 */
export function nodeBinding<Binding>(name: string): Binding | undefined {
  if (!process.version.startsWith("v20.")) return undefined;
  const { noDeprecation } = process;
  try {
    process.noDeprecation = true;
    return (process as unknown as { binding(name: string): Binding }).binding(name);
  } catch {
    return undefined;
  } finally {
    if (noDeprecation === undefined) delete process.noDeprecation;
    else process.noDeprecation = noDeprecation;
  }
}
