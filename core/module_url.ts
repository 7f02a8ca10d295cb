/**
 * Modules as users name them.
 *
 * @module
 */

/** The absolute URL of a module given as a URL, or as a path from the current folder. */
export function toModuleUrl(specifier: string | URL): URL {
  if (specifier instanceof URL) return specifier;
  if (/^(file|https?|data|blob|npm|jsr):/.test(specifier)) return new URL(specifier);
  const path = specifier.startsWith("/") ? specifier : `${Deno.cwd()}/${specifier}`;
  // What is a separator in a URL is a letter like any other in a file's name.
  return new URL(`file://${path.split("/").map(encodeURIComponent).join("/")}`);
}
