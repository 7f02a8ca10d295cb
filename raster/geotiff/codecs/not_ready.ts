/**
 * Libraries that few tiles need, and that can't be loaded while one is being decoded.
 *
 * @module
 */

/** Thrown in place of decoding: it works once {@linkcode load} is done. */
export class NotReady extends Error {
  /** Loads what is missing. */
  readonly load: () => Promise<unknown>;

  /** Something that `load` brings is missing. */
  constructor(load: () => Promise<unknown>) {
    super("a library has to be loaded first");
    this.name = "NotReady";
    this.load = load;
  }
}

/**
 * What `work` gives, tried again after what it found missing is loaded.
 *
 * @throws what `work` or the loading throws.
 */
export async function whenReady<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof NotReady)) throw error;
    await error.load();
    return await work();
  }
}
