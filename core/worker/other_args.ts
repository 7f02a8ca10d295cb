/**
 * Other args in a worker: one copy a worker as in RIOS, or a fresh one a block where the user's module merges them.
 *
 * @module
 */
import { packValue, unpackValue } from "../pack_value.ts";
import { headerOnly, type Payload } from "../payload.ts";

/** A worker's other args. */
export class OtherArgs {
  readonly #packed: Payload | undefined;
  readonly #aBlock: boolean;
  #copy: unknown;

  /**
   * @param packed what the manager sent; undefined if the user gave none.
   * @param aBlock whether each block gets a fresh copy.
   */
  constructor(packed: Payload | undefined, aBlock: boolean) {
    this.#packed = packed;
    this.#aBlock = aBlock;
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
    return this.#aBlock ? packValue(this.#copy, "otherArgs") : undefined;
  }

  /** What goes back at the worker's end. */
  atEnd(): Payload {
    return this.given && !this.#aBlock ? packValue(this.#copy, "otherArgs") : headerOnly(undefined);
  }
}
