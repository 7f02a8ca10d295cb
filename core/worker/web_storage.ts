/**
 * Closing the one storage that Deno 2.9 gives a Web Worker without asking for a permission: the Cache API (`caches`), which
 * keeps what it is given on the disk, from one run to the next. Web Workers have no `localStorage`, `sessionStorage` or
 * IndexedDB, and `Deno.openKv()` needs a flag that workers don't get.
 *
 * @module
 */

/**
 * Deno keeps the Cache API's contents on the server that this variable names, where it is set, and not on the disk. It is
 * looked at whenever a thread is started, so that it holds for threads that a user function starts, too; `delete
 * globalThis.caches` would hold for ours alone.
 */
export const STORAGE_VARIABLE = "DENO_CACHE_LSC_ENDPOINT";
/** A server and a password for it. Nothing can listen on port 0, so that nothing can be kept. */
const NOWHERE = "http://127.0.0.1:0,none";

/**
 * From now on threads of this process can't keep anything in web storage. Not in a process that may write anywhere, such as
 * one with all permissions: that gains nothing by it.
 *
 * The permission to set the variable is given up, so that user code can't set it back.
 */
export function closeWebStorage(): void {
  if (Deno.permissions.querySync({ name: "write" }).state === "granted") return;
  const variable = { name: "env", variable: STORAGE_VARIABLE } as const;
  if (Deno.permissions.querySync(variable).state !== "granted") return;
  Deno.env.set(STORAGE_VARIABLE, NOWHERE);
  Deno.permissions.revokeSync(variable);
}
