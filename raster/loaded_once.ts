/**
 * What is loaded when it is first needed, and kept.
 *
 * @module
 */

/** Gives what `load` gives: it is called once, and again only after it has failed, since what failed may work next time. */
export function loadedOnce<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  return () =>
    loading ??= load().catch((error) => {
      loading = undefined;
      throw error;
    });
}
