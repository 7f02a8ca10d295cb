/**
 * Whether a message is one that the other side takes. Without a look before it leaves, the other side would end the session
 * for it, and the same message would end the next one.
 *
 * @module
 */
import { BlockfleetError } from "../errors.ts";
import { DEFAULT_LIMITS } from "./frame.ts";
import { checkHeader } from "./header_check.ts";
import type { EncodedHeader } from "./header_codec.ts";

/** A message is too large for the channel. */
export class MessageSizeError extends BlockfleetError {}

/** Values of a header of this length can't take too much memory. */
const SMALL_HEADER_BYTES = 4 << 20;

/**
 * Gives back a message that can be sent.
 *
 * @throws {MessageSizeError} if it can't; it says what is too large.
 */
export function requireSendable(message: EncodedHeader): EncodedHeader {
  const { header, parts } = message;
  const { headerBytes, partBytes, messageBytes } = DEFAULT_LIMITS;
  if (header.byteLength > headerBytes) {
    throw tooLarge("values other than typed arrays", header.byteLength, headerBytes);
  }
  if (header.byteLength > SMALL_HEADER_BYTES) requireMemory(header);
  let total = 0;
  for (const { byteLength } of parts) {
    if (byteLength > partBytes) throw tooLarge("a typed array", byteLength, partBytes);
    total += byteLength;
  }
  if (total > messageBytes) throw tooLarge("typed arrays", total, messageBytes);
  return message;
}

function requireMemory(header: Uint8Array): void {
  try {
    checkHeader(header);
  } catch (error) {
    throw new MessageSizeError(
      "it is too large for one message: it has millions of lists, objects or texts. Use typed arrays, or smaller blocks",
      { cause: error },
    );
  }
}

function tooLarge(what: string, bytes: number, most: number): MessageSizeError {
  const [size, limit] = [bytes, most].map((value) => (value / 2 ** 20).toFixed(value > 2 ** 20 * 10 ? 0 : 1));
  const advice = what === "values other than typed arrays"
    ? "typed arrays, or smaller blocks"
    : "smaller blocks";
  return new MessageSizeError(
    `it is too large for one message: it has ${size} MiB of ${what}, and ${limit} MiB are the most. Use ${advice}`,
  );
}
