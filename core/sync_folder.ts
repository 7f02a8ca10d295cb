/**
 * What a folder's files are called, on the disk: without it a new or renamed file may be lost in a power cut.
 *
 * @module
 */

/** What file systems that can't sync a folder answer; and one that may not be read can't be opened for it. */
const HARMLESS = ["EINVAL", "ENOTSUP", "EACCES"];

/** Waits until the disk has what a folder's files are called. Windows can't, and need not. Errors are the operating system's. */
export async function syncFolder(folder: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  try {
    using opened = await Deno.open(folder);
    await opened.sync();
  } catch (error) {
    if (!isHarmless(error)) throw error;
  }
}

/** As {@linkcode syncFolder}, for those who can't wait. */
export function syncFolderSync(folder: string): void {
  if (Deno.build.os === "windows") return;
  try {
    using opened = Deno.openSync(folder);
    opened.syncSync();
  } catch (error) {
    if (!isHarmless(error)) throw error;
  }
}

function isHarmless(error: unknown): boolean {
  return error instanceof Error && HARMLESS.includes(String((error as Error & { code?: unknown }).code));
}
