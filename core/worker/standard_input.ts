/**
 * What a worker's standard input is for, where the manager's process has started it: the run's key comes in, and then nothing
 * until the manager is gone, which a pipe shows at once, whatever has ended it.
 *
 * @module
 */
import { ConfigError } from "../errors.ts";

/** A key takes fewer; who sends more without a line's end is no manager. */
const MOST_BYTES = 256;

/**
 * The first line of standard input, without its end. No more is read than comes with it.
 *
 * @throws {ConfigError} if it ends before a line does.
 */
export async function firstLine(): Promise<string> {
  const bytes = new Uint8Array(MOST_BYTES);
  let length = 0;
  while (length < MOST_BYTES) {
    const count = await Deno.stdin.read(bytes.subarray(length));
    if (count === null) break;
    length += count;
    const end = bytes.subarray(0, length).indexOf(10);
    if (end >= 0) return new TextDecoder().decode(bytes.subarray(0, end));
  }
  throw new ConfigError("The first line of standard input must be the run's key: there is none");
}

/** Resolves when standard input ends. */
export async function standardInputEnds(): Promise<void> {
  const bytes = new Uint8Array(MOST_BYTES);
  try {
    while (await Deno.stdin.read(bytes) !== null);
  } catch {
    // Nothing can be heard any more, as at its end.
  }
}
