/**
 * Counts the shapes of a message's objects. V8 keeps a description of each list of property names that an object has had while it was
 * filled: objects of a few shapes cost little, millions of different names or orders of names take it minutes.
 *
 * @module
 */
import { ProtocolError } from "../errors.ts";

/** The most shapes in one message. Ours have a few dozen, and one for each input of a job that names thousands. */
const MAX_SHAPES = 100_000;

/** Random, so that no peer can make different shapes that count as one. */
const [SEED, FACTOR] = crypto.getRandomValues(new Uint32Array(2)) as unknown as [number, number];

/** The shapes of one message, seen as its values come. */
export class ObjectShapes {
  /** By depth: the hash of the names that the open object has so far; undefined for a list. */
  readonly #open: (number | undefined)[] = [];
  readonly #seen = new Set<number>();

  /** A list or an object begins inside as many others. */
  begin(depth: number, isObject: boolean): void {
    this.#open[depth] = isObject ? SEED : undefined;
  }

  /** Whether an object is open at this depth. */
  isObject(depth: number): boolean {
    return this.#open[depth] !== undefined;
  }

  /**
   * The object at this depth gets a property, whose name is `bytes` from `start` to `end`.
   *
   * @throws {ProtocolError} if there are too many shapes.
   */
  addName(depth: number, bytes: Uint8Array, { start, end }: { start: number; end: number }): void {
    let hash = this.#open[depth]!;
    // The length, too: "ab" and "c" are not "a" and "bc".
    hash = mixed(hash, end - start);
    for (let at = start; at < end; at++) hash = mixed(hash, bytes[at]!);
    this.#open[depth] = hash;
    this.#seen.add(hash);
    if (this.#seen.size > MAX_SHAPES) {
      throw new ProtocolError(
        `The peer sent objects with more than ${MAX_SHAPES} different lists of property names`,
      );
    }
  }
}

function mixed(hash: number, value: number): number {
  const product = Math.imul(hash ^ value, FACTOR | 1);
  return product ^ product >>> 16;
}
