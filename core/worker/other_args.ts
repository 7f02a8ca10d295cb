/**
 * Other args in a worker: one copy a worker as in RIOS, or a fresh one a block where the user's module merges them.
 *
 * @module
 */
import { ConfigError } from "../errors.ts";
import { crc32c } from "../journal/crc32c.ts";
import { plainText } from "../journal/plain_text.ts";
import { packValue, unpackValue } from "../pack_value.ts";
import { headerOnly, type Payload } from "../payload.ts";

/** The part of a worker's time that may go into looking for changes, and how many looks are free. */
const MOST_CHECKING = 0.01;
const FIRST_CHECKS = 3;

/** A worker's other args. */
export class OtherArgs {
  readonly #packed: Payload | undefined;
  readonly #aBlock: boolean;
  #copy: unknown;
  readonly #fingerprint: string;
  readonly #sinceMs = performance.now();
  #checkingMs = 0;
  #checks = 0;
  #hasChanged = false;

  /**
   * @param packed what the manager sent; undefined if the user gave none.
   * @param aBlock whether each block gets a fresh copy.
   */
  constructor(packed: Payload | undefined, aBlock: boolean) {
    this.#packed = packed;
    this.#aBlock = aBlock;
    // Typed arrays of the copy are views on the parts.
    this.#fingerprint = packed && !aBlock ? fingerprintOf(packed) : "";
    this.#copy = packed && unpackValue(packed);
  }

  /** Whether the user gave any. */
  get given(): boolean {
    return this.#packed !== undefined;
  }

  /** The copy for the next block. */
  forBlock(): unknown {
    // Unpacking copies all but the typed arrays, which are views on the parts.
    if (this.#aBlock) this.#copy = structuredClone(unpackValue(this.#packed!));
    return this.#copy;
  }

  /** What goes back with a block's result; undefined unless each block has its own. */
  afterBlock(): Payload | undefined {
    return this.#aBlock ? packValue(this.#copy, "otherArgs", "the manager") : undefined;
  }

  /**
   * Whether the function has changed the copy that serves all its blocks. After the first blocks large ones are looked
   * at less often, so that it takes no time to speak of: a change may then be seen a few blocks late.
   */
  hasChanged(): boolean {
    if (!this.given || this.#aBlock || this.#hasChanged) return this.#hasChanged;
    const startMs = performance.now();
    const budgetMs = MOST_CHECKING * (startMs - this.#sinceMs);
    if (this.#checks >= FIRST_CHECKS && this.#checkingMs > budgetMs) return false;
    this.#hasChanged = this.#compare();
    this.#checks++;
    this.#checkingMs += performance.now() - startMs;
    return this.#hasChanged;
  }

  /** What goes back at the worker's end. */
  atEnd(): Payload {
    return this.given && !this.#aBlock
      ? packValue(this.#copy, "otherArgs", "the manager")
      : headerOnly(undefined);
  }

  #compare(): boolean {
    try {
      return fingerprintOf(packValue(this.#copy, "otherArgs", "the manager")) !== this.#fingerprint;
    } catch (error) {
      // It has got something that can't be packed, which can't have come from the manager.
      if (error instanceof ConfigError) return true;
      throw error;
    }
  }
}

function fingerprintOf({ header, parts }: Payload): string {
  return [plainText(header), ...parts.map((part) => crc32c(part))].join(" ");
}
