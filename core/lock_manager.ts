/**
 * The Web Locks API of this process, which Deno has and its type declarations do not.
 *
 * @module
 */

interface LockManager {
  request<T>(name: string, callback: () => T | Promise<T>): Promise<T>;
  request<T>(name: string, options: { signal: AbortSignal }, callback: () => T | Promise<T>): Promise<T>;
}

/** `navigator.locks`: a lock is shared by all threads of the process, and freed when its holder ends in whatever way. */
export const locks: LockManager = (navigator as unknown as { locks: LockManager }).locks;
