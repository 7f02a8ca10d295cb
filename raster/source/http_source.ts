/**
 * An http(s) URL as a source of bytes, by range requests (RFC 9110, section 14).
 *
 * @module
 */
import { AbortedError, messageOf, RasterError } from "../../core/errors.ts";
import type { ByteSource, OpenSourceOptions } from "./byte_source.ts";
import { checkRange } from "./check_range.ts";
import {
  FinalError,
  networkReason,
  PassingError,
  type RangeAnswer,
  readAnswer,
  shorterRange,
} from "./http_answer.ts";
import { fetchFinal, RedirectError } from "./http_redirects.ts";
import { displayName } from "./location.ts";
import { StallWatch } from "./stall_watch.ts";
import { InputChangedError, isSameVersion } from "./version.ts";

/** Fetched when the source is opened: a cloud optimized GeoTIFF has all its directories there. */
const HEADER_BYTES = 65536;
const RETRIES = 3;
/** A server that asks for a longer pause than this is not waited for that long. */
const LONGEST_WAIT_MS = 10_000;
/** Of machines that share an address, each with its own ETags, one that is known must answer within so many requests. */
const MOST_ASKED_AGAIN = 8;
/** Versions of one file that are remembered: a server may make up a new ETag for each range, of which there are millions. */
const MOST_VERSIONS = 64;
const DEFAULT_STALL_MS = 60_000;

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
      const pair = `${decodedText(url.username)}:${decodedText(url.password)}`;
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
      if (this.#versions.length > MOST_VERSIONS) this.#versions.splice(1, 1);
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
    const answer = await this.#request(offset, byteLength);
    if (typeof answer !== "number") return answer;
    const shorter = await this.#request(offset, answer);
    if (typeof shorter !== "number") return shorter;
    // It could go on like this for ever.
    throw new RasterError(
      `Cannot read '${this.name}': the server refuses the ranges that it asks for itself`,
    );
  }

  /** Asks once. A number is how many bytes the server would send, if it refuses because there are no more. */
  async #request(offset: number, byteLength: number): Promise<RangeAnswer | number> {
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
        return shorter ?? await readAnswer(response, {
          offset,
          byteLength,
          hasAnsweredRanges: this.#versions.length > 0,
          onBytes: () => watch.heard(),
        });
      } finally {
        if (response.body !== null && !response.bodyUsed) await response.body.cancel();
      }
    } catch (error) {
      if (error instanceof RasterError || error instanceof PassingError) throw error;
      // Deno's words of a missing permission name the host, which a redirect may have led to.
      const isFinal = [FinalError, RedirectError, Deno.errors.NotCapable].some((kind) =>
        error instanceof kind
      );
      if (isFinal) throw new RasterError(`Cannot read '${this.name}': ${messageOf(error)}`, { cause: error });
      // What fetch says of a failure holds the URL with its query, so it is not repeated.
      throw new PassingError(watch.isStalled ? `nothing came for ${stallMs / 1000} s` : networkReason(error));
    }
  }
}

/** What percent signs stand for; where they stand for nothing they are the user's own. */
function decodedText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}
