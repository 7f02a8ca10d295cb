/**
 * What a worker's exit status tells its manager.
 *
 * @module
 */

/**
 * The worker never found its manager, or lost it and did not find it again: no block's fault. It is `EX_UNAVAILABLE` of
 * BSD's `sysexits.h`.
 */
export const EXIT_NO_MANAGER = 69;
