/**
 * One answer of a server to a range request: what it must be, and what it means if it is not.
 *
 * Called by http_source.ts, which asks again where that may help and puts the file's name before what fails.
 *
 * @module
 */
import { messageOf } from "../../core/errors.ts";
import { objectVersion } from "./version.ts";

/** An answer, checked. */
export interface RangeAnswer {
  /** What was asked for, less what lies beyond the file's end. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The file's size. */
  readonly total: number;
  /** What tells whether the file is still the same. */
  readonly version: string;
}

/** What was asked for. */
export interface RangeRequest {
  /** The first byte. */
  readonly offset: number;
  /** How many. */
  readonly byteLength: number;
  /** Whether the server has answered range requests before. */
  readonly hasAnsweredRanges: boolean;
  /** Called as bytes come. */
  onBytes(): void;
}

/** A failure that may pass by itself. */
export class PassingError extends Error {
  /** How long the server wants to be left alone, milliseconds. */
  readonly waitMs: number | undefined;

  /** With what has failed, and for how long not to ask again. */
  constructor(message: string, waitMs?: number) {
    super(message);
    this.waitMs = waitMs;
  }
}

/** A failure that asking again does not mend. */
export class FinalError extends Error {}

/** The server has no such file, or gives it to nobody who asks as we do. */
export class NoFileError extends FinalError {}

/**
 * Reads an answer.
 *
 * @throws {PassingError} if asking again may help.
 * @throws {FinalError} if not.
 */
export async function readAnswer(response: Response, request: RangeRequest): Promise<RangeAnswer> {
  const { offset, byteLength } = request;
  const { status, headers } = response;
  const encoding = headers.get("content-encoding") ?? "identity";
  if (status < 300 && encoding.toLowerCase() !== "identity") {
    const shown = messageOf(encoding).slice(0, 20);
    throw new FinalError(
      `the server sends it ${shown}-encoded, although it was asked not to; download the file first`,
    );
  }
  if (status === 200 && /^text\/html\b/i.test(headers.get("content-type") ?? "")) {
    throw new NoFileError(
      "the server sent a web page in place of the file; it may want a login, which is not supported: download the " +
        "file first",
    );
  }
  if (status === 200 && offset === 0) return await readWhole(response, request);
  if (status !== 206) throw statusError(response, request);
  const range = /^bytes (\d+)-(\d+)\/(\d+)$/i.exec(headers.get("content-range") ?? "");
  if (range === null) throw new FinalError("the server does not say which bytes it sent of how many");
  const [first, last, total] = range.slice(1).map(Number) as [number, number, number];
  const expectedLast = Math.min(offset + byteLength, total) - 1;
  if (first !== offset || last !== expectedLast || !Number.isSafeInteger(total)) {
    // A body that shrank while it was read ends here too.
    throw new FinalError(
      `asked for bytes ${offset} to ${
        offset + byteLength - 1
      }, the server sent ${first} to ${last} of ${total}`,
    );
  }
  const bytes = new Uint8Array(last - first + 1);
  const filled = await readBody(response, bytes, request);
  if (filled > bytes.length) throw new PassingError("the server sent more bytes than it said");
  if (filled < bytes.length) throw new PassingError("the connection ended in mid-answer");
  return { bytes, total, version: objectVersion(total, headers) };
}

/** Some servers answer with the whole file where the range holds all of it: then it is there. */
async function readWhole(response: Response, request: RangeRequest): Promise<RangeAnswer> {
  const { headers } = response;
  const { byteLength } = request;
  const length = headers.get("content-length");
  const isSmall = length === null || Number(length) <= byteLength;
  const bytes = new Uint8Array(isSmall ? byteLength : 0);
  const filled = isSmall ? await readBody(response, bytes, request) : Infinity;
  if (filled > byteLength) throw wholeFileError(request);
  if (length !== null && filled < Number(length)) {
    throw new PassingError("the connection ended in mid-answer");
  }
  return { bytes: bytes.slice(0, filled), total: filled, version: objectVersion(filled, headers) };
}

/** A server that answered ranges before may do so again: of machines behind one address some can't. */
function wholeFileError({ hasAnsweredRanges }: RangeRequest): Error {
  if (hasAnsweredRanges) {
    return new PassingError("the server sent the whole file in place of a part");
  }
  return new FinalError("the server does not support range requests; download the file first");
}

function statusError({ status, headers }: Response, request: RangeRequest): Error {
  if (status === 429 || status >= 500) {
    const seconds = Number(headers.get("retry-after"));
    return new PassingError(
      `the server answered ${status}`,
      Number.isFinite(seconds) ? seconds * 1000 : undefined,
    );
  }
  if (status === 200) return wholeFileError(request);
  if (status === 416) return new FinalError("it is empty or shorter than expected");
  const reasons: Record<number, string> = {
    401: "the server wants credentials",
    403: "access is forbidden",
    404: "there is no such file",
    410: "there is no such file any more",
  };
  const reason = reasons[status];
  return new NoFileError(
    reason ? `${reason} (status ${status})` : `the server answered with status ${status}`,
  );
}

/**
 * How many bytes to ask for instead, where a server refuses a range that goes beyond the file's end but says where that is:
 * RFC 9110 wants it to send what there is. Undefined if the answer is no such refusal.
 */
export function shorterRange(
  { status, headers }: Response,
  offset: number,
  byteLength: number,
): number | undefined {
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
  { onBytes }: RangeRequest,
): Promise<number> {
  let filled = 0;
  if (response.body !== null) {
    // Leaving the loop early cancels the body.
    for await (const part of response.body) {
      onBytes();
      if (filled + part.length > into.length) return Infinity;
      into.set(part, filled);
      filled += part.length;
    }
  }
  return filled;
}

/** Why a request failed, without its URL. */
export function networkReason(error: unknown): string {
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
