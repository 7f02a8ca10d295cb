/**
 * Folders on the disk.
 *
 * @module
 */

/** What file systems that can't sync a folder answer; and one that may not be read can't be opened for it. */
const HARMLESS = ["EINVAL", "ENOTSUP", "EACCES"];

/**
 * Waits until the disk has what a folder's files are called: without it a new or renamed file may be lost in a power
 * cut. Windows can't, and need not. Errors are the operating system's.
 */
export function syncFolder(folder: string): void {
  if (Deno.build.os === "windows") return;
  try {
    using file = Deno.openSync(folder, { read: true });
    file.syncSync();
  } catch (error) {
    const code = error instanceof Error ? (error as Error & { code?: unknown }).code : undefined;
    if (!HARMLESS.includes(String(code))) throw error;
  }
}
