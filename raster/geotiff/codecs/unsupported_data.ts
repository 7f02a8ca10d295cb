/**
 * Data of tiles and strips that is sound, but of a kind that is not read.
 *
 * @module
 */

/** A reason that fits after "can't be decoded:" and says what to do, since a good copy of the file would not help. */
export class UnsupportedData extends Error {
  /** `what` is not supported; `cure` says what to do (one of CURE in refusals.ts). */
  constructor(what: string, cure: string) {
    super(`${what} not supported; ${cure}`);
    this.name = "UnsupportedData";
  }
}
