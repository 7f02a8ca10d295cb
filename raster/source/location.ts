/**
 * Where rasters are, as users write it: paths, `file:` URLs and `http(s):` URLs.
 *
 * @module
 */

/** Whether a location is on a server, so that its bytes come over the network. */
export function isRemote(location: string): boolean {
  return /^https?:\/\//i.test(location);
}

/** Whether a location is a `file:` URL. */
export function isFileUrl(location: string): boolean {
  return /^file:/i.test(location);
}

/** Whether a location is a URL of any kind. `C:\scene.tif` and `a:b.tif` are paths. */
export function isUrl(location: string): boolean {
  return isFileUrl(location) || /^[a-z][a-z0-9+.-]*:\/\//i.test(location);
}

/** A location as people write it: of a `file:` URL the path. One that can't be decoded is left as it is. */
export function readableLocation(location: string): string {
  if (!isFileUrl(location)) return location;
  try {
    return decodeURIComponent(new URL(location).pathname);
  } catch {
    // It is refused, with a reason, where it is opened.
    return location;
  }
}

/** A URL without user, password, query and fragment, any of which can hold a secret. */
export function displayName(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}
