/**
 * An http(s) URL as a source of bytes, by range requests (RFC 9110, section 14).
 *
 * @module
 */
import { AbortedError, messageOf, RasterError } from "../../core/errors.ts";
import type { ByteSource, OpenSourceOptions } from "./byte_source.ts";
import { checkRange } from "./check_range.ts";
import { fetchFinal, RedirectError } from "./http_redirects.ts";
import { displayName } from "./location.ts";
import { InputChangedError, isSameVersion, objectVersion } from "./version.ts";

/** Fetched when the source is opened: a cloud optimized GeoTIFF has all its directories there. */
const HEADER_BYTES = 65536;
const RETRIES = 3;
/** A server that asks for a longer pause than this is not waited for that long. */
const LONGEST_WAIT_MS = 10_000;
/** Of machines that share an address, each with its own ETags, one that is known must answer within so many requests. */
const MOST_ASKED_AGAIN = 8;
const DEFAULT_STALL_MS = 60_000;

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
  /** Versions that the file is known to have; the first is the one that it goes by. */
  #versions: string[] = [];
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
    const { expectedVersion = answer.version } = options;
    source.#versions = [expectedVersion];
    // One that has changed keeps its own version, and the caller sees that it is another.
    if (!await source.#isKnown(answer)) source.#versions = [answer.version];
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

  /** Size, ETag and the time of the last change, as far as the server says them. */
  get version(): string {
    return this.#versions[0]!;
  }

  /**
   * `byteLength` bytes from `offset` on; at once if they are among the first 64 KiB.
   *
   * @throws {RasterError} if they are not all there or the server fails four times.
   * @throws {InputChangedError} if the file has changed.
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
    const answer = await this.#retrying(offset, byteLength);
    if (answer.total !== this.#byteLength || !await this.#isKnown(answer)) {
      throw new InputChangedError(`'${this.name}' changed on the server while it was read; start again`);
    }
    return answer.bytes;
  }

  /**
   * Whether an answer is of the file that was opened. If its version is not known, the server is asked again: where several
   * machines answer, each with its own ETags, one that is known answers sooner or later, and a file that has changed
   * never has a known one again.
   */
  async #isKnown({ total, version }: RangeAnswer): Promise<boolean> {
    const isKnown = (one: string) => this.#versions.some((known) => isSameVersion(known, one));
    if (isKnown(version)) return true;
    for (let asked = 0; asked < MOST_ASKED_AGAIN; asked++) {
      const again = await this.#retrying(0, HEADER_BYTES);
      if (again.total !== total) return false;
      if (!isKnown(again.version)) continue;
      this.#versions.push(version);
      return true;
    }
    return false;
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
    const stallMs = this.#options.stallTimeoutMs ?? DEFAULT_STALL_MS;
    using watch = new StallWatch(stallMs, [this.#closed.signal, this.#options.signal]);
    try {
      const { response, url } = await fetchFinal(this.#url, {
        headers: { ...this.#headers, range: `bytes=${offset}-${offset + byteLength - 1}` },
        signal: watch.signal,
      });
      watch.heard();
      if (url.href !== this.#url.href) this.#server = url.host;
      try {
        const shorter = shorterRange(response, offset, byteLength);
        if (shorter === undefined) return await this.#readAnswer(response, { offset, byteLength, watch });
        await response.body?.cancel();
        return await this.#fetchRange(offset, shorter);
      } finally {
        if (response.body !== null && !response.bodyUsed) await response.body.cancel();
      }
    } catch (error) {
      if (error instanceof RasterError || error instanceof PassingError) throw error;
      if (error instanceof RedirectError || error instanceof Deno.errors.NotCapable) {
        // Deno's words name the host, which a redirect may have led to.
        throw new RasterError(`Cannot read '${this.name}': ${messageOf(error)}`, { cause: error });
      }
      // What fetch says of a failure holds the URL with its query, so it is not repeated.
      throw new PassingError(watch.isStalled ? `nothing came for ${stallMs / 1000} s` : networkReason(error));
    }
  }

  async #readAnswer(response: Response, request: RangeRequest): Promise<RangeAnswer> {
    const { offset, byteLength, watch } = request;
    const { status, headers } = response;
    const encoding = headers.get("content-encoding") ?? "identity";
    if (status < 300 && encoding.toLowerCase() !== "identity") {
      const shown = messageOf(encoding).slice(0, 20);
      throw this.#error(
        `the server sends it ${shown}-encoded, although it was asked not to; download the file first`,
      );
    }
    if (status === 200 && offset === 0) return await this.#readWhole(response, request);
    if (status !== 206) throw this.#statusError(status, headers);
    const range = /^bytes (\d+)-(\d+)\/(\d+)$/i.exec(headers.get("content-range") ?? "");
    if (range === null) throw this.#error("the server does not say which bytes it sent of how many");
    const [first, last, total] = range.slice(1).map(Number) as [number, number, number];
    const expectedLast = Math.min(offset + byteLength, total) - 1;
    if (first !== offset || last !== expectedLast || !Number.isSafeInteger(total)) {
      // A body that shrank while it was read ends here too.
      throw this.#error(
        `asked for bytes ${offset} to ${
          offset + byteLength - 1
        }, the server sent ${first} to ${last} of ${total}`,
      );
    }
    const bytes = new Uint8Array(last - first + 1);
    const filled = await readBody(response, bytes, watch);
    if (filled > bytes.length) throw new PassingError("the server sent more bytes than it said");
    if (filled < bytes.length) throw new PassingError("the connection ended in mid-answer");
    return { bytes, total, version: objectVersion(total, headers) };
  }

  /** Some servers answer with the whole file where the range holds all of it: then it is there. */
  async #readWhole(response: Response, { byteLength, watch }: RangeRequest): Promise<RangeAnswer> {
    const { headers } = response;
    if (/^text\/html\b/i.test(headers.get("content-type") ?? "")) {
      throw this.#error(
        "the server sent a web page in place of the file; it may want a login, which is not supported: download the " +
          "file first",
      );
    }
    const length = headers.get("content-length");
    const isSmall = length === null || Number(length) <= byteLength;
    const bytes = new Uint8Array(isSmall ? byteLength : 0);
    const filled = isSmall ? await readBody(response, bytes, watch) : Infinity;
    if (filled > byteLength) throw this.#wholeFileError();
    if (length !== null && filled < Number(length)) {
      throw new PassingError("the connection ended in mid-answer");
    }
    return { bytes: bytes.slice(0, filled), total: filled, version: objectVersion(filled, headers) };
  }

  /** A server that answered ranges before may do so again: of machines behind one address some can't. */
  #wholeFileError(): Error {
    if (this.#versions.length > 0) {
      return new PassingError("the server sent the whole file in place of a part");
    }
    return this.#error("the server does not support range requests; download the file first");
  }

  #error(reason: string): RasterError {
    return new RasterError(`Cannot read '${this.name}': ${reason}`);
  }

  #statusError(status: number, headers: Headers): Error {
    if (status === 429 || status >= 500) {
      const seconds = Number(headers.get("retry-after"));
      return new PassingError(
        `the server answered ${status}`,
        Number.isFinite(seconds) ? seconds * 1000 : undefined,
      );
    }
    if (status === 200) return this.#wholeFileError();
    if (status === 416) return this.#error("it is empty or shorter than expected");
    const reasons: Record<number, string> = {
      401: "the server wants credentials",
      403: "access is forbidden",
      404: "there is no such file",
      410: "there is no such file any more",
    };
    const reason = reasons[status];
    return this.#error(reason ? `${reason} (status ${status})` : `the server answered with status ${status}`);
  }
}

/** What is asked for, and who watches that it comes. */
interface RangeRequest {
  readonly offset: number;
  readonly byteLength: number;
  readonly watch: StallWatch;
}

/** Ends a request when nothing has come for a while, however long all of it takes. */
class StallWatch implements Disposable {
  readonly #request = new AbortController();
  readonly #signals: readonly AbortSignal[];
  readonly #stop = () => this.#request.abort();
  readonly #stallMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStalled = false;

  constructor(stallMs: number, signals: readonly (AbortSignal | undefined)[]) {
    this.#stallMs = stallMs;
    this.#signals = signals.filter((signal) => signal !== undefined);
    for (const signal of this.#signals) signal.addEventListener("abort", this.#stop);
    this.heard();
  }

  /** Ends the request. */
  get signal(): AbortSignal {
    return this.#request.signal;
  }

  get isStalled(): boolean {
    return this.#isStalled;
  }

  /** Something came. */
  heard(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#isStalled = true;
      this.#stop();
    }, this.#stallMs);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const signal of this.#signals) signal.removeEventListener("abort", this.#stop);
  }
}

/**
 * How many bytes to ask for instead, where a server refuses a range that goes beyond the file's end but says where that is:
 * RFC 9110 wants it to send what there is. Undefined if the answer is no such refusal.
 */
function shorterRange({ status, headers }: Response, offset: number, byteLength: number): number | undefined {
  const total = status === 416
    ? /^bytes \*\/(\d+)$/i.exec(headers.get("content-range") ?? "")?.[1]
    : undefined;
  const left = total === undefined ? 0 : Number(total) - offset;
  return left > 0 && left < byteLength ? left : undefined;
}

/** Fills `into` with the body and says how far; of a longer one it says so, and takes no more into memory. */
async function readBody(
  response: Response,
  into: Uint8Array<ArrayBuffer>,
  watch: StallWatch,
): Promise<number> {
  let filled = 0;
  if (response.body !== null) {
    // Leaving the loop early cancels the body.
    for await (const part of response.body) {
      watch.heard();
      if (filled + part.length > into.length) return Infinity;
      into.set(part, filled);
      filled += part.length;
    }
  }
  return filled;
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
