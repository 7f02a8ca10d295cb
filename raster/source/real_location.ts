/**
 * Where a file really is.
 *
 * @module
 */
import { isFileUrl, isUrl, readableLocation } from "./location.ts";

/**
 * What leads to the same bytes from any working folder and with any permissions: a local file's absolute path, symbolic links
 * followed; any other URL as it is.
 *
 * The links must be followed before the path gets to a confined worker. With restricted permissions Deno takes a `..` out of
 * a path by its text before it opens it (denoland/deno#9607), so that `link/../x.tif` would be another file there. A file that
 * may be read by its given path only is left at that, made absolute.
 */
export function realLocation(location: string): string {
  if (isUrl(location) && !isFileUrl(location)) return location;
  const path = readableLocation(location);
  try {
    const real = Deno.realPathSync(path);
    if (Deno.permissions.querySync({ name: "read", path: real }).state === "granted") return real;
  } catch {
    // Whatever keeps it from being found keeps it from being opened, which says it in words.
  }
  return absolutePath(location);
}

/** A local file's path as it was given, links and all, from whatever folder. */
export function absolutePath(location: string): string {
  const path = readableLocation(location);
  return path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
}
