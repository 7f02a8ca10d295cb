/**
 * Names of the files that shipped code was made of.
 *
 * @module
 */

/** The parts of a path in Deno's cache of npm packages: registry, package, version, file. */
const NPM_CACHE =
  /\/npm\/(?:[^/]*\.[^/]*|localhost[^/]*)\/((?:@[^/]+\/)?[^/@]+)\/(\d+\.\d+\.\d+[^/]*)\/(.+)$/;

/**
 * The URL by which a source is named: `npm:NAME@VERSION/FILE` in Deno's cache, else its own.
 *
 * Where the cache is differs from machine to machine and says nothing to a reader.
 */
export function sourceName(url: string): string {
  const [, name, version, file] = NPM_CACHE.exec(url) ?? [];
  return name === undefined ? url : `npm:${name}@${version}/${file}`;
}

/** True for a file of a package, false for one that the user wrote. */
export function isPackageSource(name: string): boolean {
  return !name.startsWith("file:") || name.includes("/node_modules/");
}

/** A source for people: a file's path as it is typed, other URLs as they are. */
export function readableSource(name: string): string {
  if (!name.startsWith("file:")) return name;
  try {
    return decodeURIComponent(name.slice("file://".length));
  } catch {
    // A bare "%" in a URL that was made by hand.
    return name;
  }
}

/** The package of an `npm:` source, or of one in a node_modules folder, if it is of one. */
export function packageOf(name: string): string | undefined {
  return /^npm:((?:@[^/]+\/)?[^/@]+)@/.exec(name)?.[1] ??
    /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(name)?.[1];
}
