/**
 * Redirects, followed by hand: what fetch() does of itself gives no reason when it fails, and asks a login page that
 * sends a browser round in circles twenty times over.
 *
 * @module
 */

/** The most redirects that are followed for one answer. */
const MOST_REDIRECTS = 10;

/** An answer that is no redirect, and the URL that gave it. */
export interface FinalAnswer {
  /** The answer; its body is the caller's to read or cancel. */
  readonly response: Response;
  /** Where it came from. */
  readonly url: URL;
}

/** Redirects that lead nowhere. The message says why, without any URL. */
export class RedirectError extends Error {
  /** The error's name. */
  override readonly name = "RedirectError";
}

/**
 * Fetches `url` and follows redirects. Credentials go to the first origin alone.
 *
 * @throws {RedirectError} if they go round in circles, or lead to what is no http(s) URL.
 * @throws what fetch() throws.
 */
export async function fetchFinal(
  url: URL,
  init: { readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal },
): Promise<FinalAnswer> {
  const seen = new Set<string>();
  for (let at = url;;) {
    seen.add(at.href);
    const { authorization: _, ...others } = init.headers;
    const headers = at.origin === url.origin ? init.headers : others;
    const response = await fetch(at, { headers, signal: init.signal, redirect: "manual" });
    const location = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || location === null) return { response, url: at };
    await response.body?.cancel();
    at = target(location, at);
    if (seen.has(at.href) || seen.size > MOST_REDIRECTS) {
      throw new RedirectError(
        "the server redirects for ever; it may want a login, which is not supported: download the file first",
      );
    }
  }
}

function target(location: string, from: URL): URL {
  const url = URL.parse(location, from);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new RedirectError("the server redirects to what is no http or https URL");
  }
  url.hash = "";
  return url;
}
