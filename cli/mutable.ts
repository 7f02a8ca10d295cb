/**
 * Objects that are put together step by step.
 *
 * @module
 */

/** The same type while its fields are being filled in. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] };
