/**
 * An http(s) URL as a source of bytes, by range requests (RFC 9110, section 14).
 *
 * @module
 */
import { AbortedError, messageOf, RasterError } from "../../core/errors.ts";
import type { ByteSource, OpenSourceOptions } from "./byte_source.ts";
import { checkRange } from "./check_range.ts";
import { displayName } from "./location.ts";

/** Fetched when the source is opened: a cloud optimized GeoTIFF has all its directories there. */
const HEADER_BYTES = 65536;
const RETRIES = 3;
/** A server that asks for a longer pause than this is not waited for that long. */
const LONGEST_WAIT_MS = 10_000;

/** One answer to a range request, checked. */
interface RangeAnswer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly total: number;
  readonly version: string;
}

/** A failure that may pass by itself. */
class PassingError extends Error {
  readonly waitMs: number | undefined;
  constructor(message: string, waitMs?: number) {
    super(message);
    this.waitMs = waitMs;
  }
}

/** A file on a server that answers range requests. */
export class HttpSource implements ByteSource {
  /** The URL without credentials, query and fragment. */
  readonly name: string;
  /** About what one more round trip costs. */
  readonly worthSkippingBytes = 262_144;
  readonly #url: URL;
  readonly #headers: Record<string, string>;
  readonly #options: OpenSourceOptions;
  readonly #closed = new AbortController();
  #head: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #byteLength = 0;
  #version = "";
  #server: string | undefined;

  private constructor(url: URL, options: OpenSourceOptions) {
    this.name = displayName(url);
    this.#options = options;
    this.#headers = { "accept-encoding": "identity" };
    this.#url = new URL(url);
    this.#url.hash = "";
    if (url.username || url.password) {
      const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
      const binary = String.fromCharCode(...new TextEncoder().encode(pair));
      this.#headers["authorization"] = `Basic ${btoa(binary)}`;
      this.#url.username = this.#url.password = "";
    }
  }

  /**
   * Fetches the first bytes of `url` and learns its size and version.
   *
   * @throws {RasterError} if there is no such file, or the server does not do range requests.
   * @throws {AbortedError} if the signal was given.
   */
  static async open(url: URL, options: OpenSourceOptions = {}): Promise<HttpSource> {
    const source = new HttpSource(url, options);
    const answer = await source.#retrying(0, HEADER_BYTES);
    source.#head = answer.bytes;
    source.#byteLength = answer.total;
    source.#version = answer.version;
    return source;
  }

  /** Size in bytes, as the server says it. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** The host and port that a redirect led to, if one did. */
  get server(): string | undefined {
    return this.#server;
  }

  /** Size, and the ETag or else the time of the last change. */
  get version(): string {
    return this.#version;
  }

  /**
   * `byteLength` bytes from `offset` on; at once if they are among the first 64 KiB.
   *
   * @throws {RasterError} if they are not all there, the server fails four times, or the file has changed.
   * @throws {AbortedError} if the signal was given.
   */
  read(offset: number, byteLength: number): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>> {
    checkRange(this, offset, byteLength);
    if (offset + byteLength <= this.#head.length) return this.#head.slice(offset, offset + byteLength);
    return this.#readRange(offset, byteLength);
  }

  /** Ends requests that are under way. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    return Promise.resolve();
  }

  async #readRange(offset: number, byteLength: number): Promise<Uint8Array<ArrayBuffer>> {
    const { bytes, total, version } = await this.#retrying(offset, byteLength);
    if (total !== this.#byteLength || version !== this.#version) {
      throw new RasterError(`'${this.name}' changed on the server while it was read; start again`);
    }
    return bytes;
  }

  async #retrying(offset: number, byteLength: number): Promise<RangeAnswer> {
    for (let attempt = 0;; attempt++) {
      try {
        return await this.#fetchRange(offset, byteLength);
      } catch (error) {
        this.#checkAborted();
        if (!(error instanceof PassingError)) throw error;
        if (attempt === RETRIES) {
          const tries = `gave up after ${RETRIES + 1} tries`;
          throw new RasterError(`Cannot read '${this.name}': ${error.message}; ${tries}`, { cause: error });
        }
        const backoffMs = (this.#options.retryDelayMs ?? 250) * 2 ** attempt;
        await this.#sleep(Math.min(Math.max(backoffMs, error.waitMs ?? 0), LONGEST_WAIT_MS));
      }
    }
  }

  #checkAborted(): void {
    if (this.#options.signal?.aborted) {
      throw new AbortedError(`Reading '${this.name}' was aborted`, { cause: this.#options.signal.reason });
    }
    if (this.#closed.signal.aborted) throw new RasterError(`Cannot read '${this.name}': it has been closed`);
  }

  /** Waits, but no longer than until the source is aborted or closed. */
  async #sleep(milliseconds: number): Promise<void> {
    const signals = [this.#closed.signal, this.#options.signal].filter((signal) => signal !== undefined);
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => resolve();
    const timer = setTimeout(wake, milliseconds);
    for (const signal of signals) signal.addEventListener("abort", wake);
    await promise;
    clearTimeout(timer);
    for (const signal of signals) signal.removeEventListener("abort", wake);
    this.#checkAborted();
  }

  async #fetchRange(offset: number, byteLength: number): Promise<RangeAnswer> {
    this.#checkAborted();
    const request = new AbortController();
    const stop = () => request.abort();
    const timeoutMs = this.#options.requestTimeoutMs ?? 60_000;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      stop();
    }, timeoutMs);
    const signals = [this.#closed.signal, this.#options.signal].filter((signal) => signal !== undefined);
    for (const signal of signals) signal.addEventListener("abort", stop);
    try {
      const response = await fetch(this.#url, {
        headers: { ...this.#headers, range: `bytes=${offset}-${offset + byteLength - 1}` },
        signal: request.signal,
      });
      if (response.redirected) this.#server = new URL(response.url).host;
      try {
        return await this.#readAnswer(response, offset, byteLength);
      } finally {
        if (response.body !== null && !response.bodyUsed) await response.body.cancel();
      }
    } catch (error) {
      if (error instanceof RasterError || error instanceof PassingError) throw error;
      if (error instanceof Deno.errors.NotCapable) {
        // Deno's words name the host, which a redirect may have led to.
        throw new RasterError(`Cannot read '${this.name}': ${messageOf(error)}`, { cause: error });
      }
      // What fetch says of a failure holds the URL with its query, so it is not repeated.
      throw new PassingError(late ? `no answer in ${timeoutMs / 1000} s` : networkReason(error));
    } finally {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener("abort", stop);
    }
  }

  async #readAnswer(response: Response, offset: number, byteLength: number): Promise<RangeAnswer> {
    const { status, headers } = response;
    if (status !== 206) throw this.#statusError(status, headers);
    const range = /^bytes (\d+)-(\d+)\/(\d+)$/i.exec(headers.get("content-range") ?? "");
    if (range === null) {
      throw new RasterError(
        `Cannot read '${this.name}': the server does not say which bytes it sent of how many`,
      );
    }
    const [first, last, total] = range.slice(1).map(Number) as [number, number, number];
    const expectedLast = Math.min(offset + byteLength, total) - 1;
    if (first !== offset || last !== expectedLast || !Number.isSafeInteger(total)) {
      // A body that shrank while it was read ends here too.
      throw new RasterError(
        `Cannot read '${this.name}': asked for bytes ${offset} to ${offset + byteLength - 1}, ` +
          `the server sent ${first} to ${last} of ${total}`,
      );
    }
    const version = headers.get("etag") ?? headers.get("last-modified") ?? "";
    const bytes = await readBody(response, last - first + 1);
    return { bytes, total, version: `${total}-${version}` };
  }

  #statusError(status: number, headers: Headers): Error {
    if (status === 429 || status >= 500) {
      const seconds = Number(headers.get("retry-after"));
      return new PassingError(
        `the server answered ${status}`,
        Number.isFinite(seconds) ? seconds * 1000 : undefined,
      );
    }
    if (status === 200) {
      return new RasterError(
        `Cannot read '${this.name}': the server does not support range requests; download the file first`,
      );
    }
    if (status === 416) {
      return new RasterError(`Cannot read '${this.name}': it is empty or shorter than expected`);
    }
    const reasons: Record<number, string> = {
      401: "the server wants credentials",
      403: "access is forbidden",
      404: "there is no such file",
      410: "there is no such file any more",
    };
    const reason = reasons[status];
    return new RasterError(
      `Cannot read '${this.name}': ${
        reason ? `${reason} (status ${status})` : `the server answered with status ${status}`
      }`,
    );
  }
}

/** The body, which must have exactly `byteLength` bytes: a longer one is not taken into memory. */
async function readBody(response: Response, byteLength: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(byteLength);
  let filled = 0;
  if (response.body !== null) {
    // Leaving the loop early cancels the body.
    for await (const part of response.body) {
      if (filled + part.length > byteLength) {
        throw new PassingError("the server sent more bytes than it said");
      }
      bytes.set(part, filled);
      filled += part.length;
    }
  }
  if (filled < byteLength) throw new PassingError("the connection ended in mid-answer");
  return bytes;
}

function networkReason(error: unknown): string {
  // The reason stands in the innermost cause.
  let text = "";
  for (let cause = error; cause instanceof Error; cause = cause.cause) text += ` ${messageOf(cause)}`;
  text = text.replace(/https?:\S+/g, "");
  const known = [
    [/refused/i, "connection refused"],
    [/dns|resolve|lookup|name or service/i, "the host name is unknown"],
    [/certificate|tls|ssl/i, "the TLS connection failed"],
    [/reset|closed|eof/i, "the connection was closed"],
  ] as const;
  return known.find(([pattern]) => pattern.test(text))?.[1] ?? "the connection failed";
}
