/**
 * Modules as users name them.
 *
 * @module
 */

/** The absolute URL of a module given as a URL, or as a path from the current folder. */
export function toModuleUrl(specifier: string | URL): URL {
  if (specifier instanceof URL) return specifier;
  if (/^(file|https?|data|blob|npm|jsr):/.test(specifier)) return new URL(specifier);
  // A URL's own separators in a file's name must not become URL syntax.
  const escaped = specifier.replaceAll("%", "%25").replaceAll("?", "%3F").replaceAll("#", "%23");
  return new URL(escaped, `file://${encodeURI(Deno.cwd()).replaceAll("?", "%3F").replaceAll("#", "%23")}/`);
}
