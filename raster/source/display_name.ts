/**
 * URLs as they may be shown.
 *
 * @module
 */

/** A URL without user, password, query and fragment, any of which can hold a secret. */
export function displayName(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}
