/**
 * Folders and files that nobody else can read or replace.
 *
 * @module
 */
import { dirname } from "@std/path/dirname";
import { ConfigError, messageOf } from "../errors.ts";

const OTHERS = 0o077;
const OTHERS_WRITE = 0o022;

/**
 * Makes a folder with mode 0700, and what lies above it.
 *
 * @param within the folder below which all must be this user's own and no symbolic link, those made before included.
 * @throws {ConfigError} if that is not so, or the folder itself is open to others.
 */
export async function makePrivateFolder(folder: string, within: string): Promise<void> {
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    await checkFolder(folder, OTHERS);
    for (let above = dirname(folder); above.length > within.length; above = dirname(above)) {
      await checkFolder(above, OTHERS_WRITE);
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`Cannot make the private folder '${folder}': ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * Checks that a file or folder is this user's and closed to all others.
 *
 * @throws {ConfigError} if it is not.
 */
export function checkOwned(path: string, info: Deno.FileInfo, forbidden: number = OTHERS): void {
  const uid = Deno.uid();
  // Neither owners nor modes are known on Windows.
  if (uid === null || info.uid === null || info.mode === null) return;
  if (info.uid !== uid) throw new ConfigError(`'${path}' belongs to another user: choose another place`);
  if ((info.mode & forbidden) !== 0) {
    const mode = (info.mode & 0o777).toString(8);
    throw new ConfigError(
      `'${path}' is open to other users (mode ${mode}): make it private with chmod go= '${path}'`,
    );
  }
}

/** Makes sure that what was renamed in a folder is so after a crash, too. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows does not open folders, and needs no sync of them.
  if (Deno.build.os === "windows") return;
  using opened = await Deno.open(folder);
  await opened.sync();
}

async function checkFolder(folder: string, forbidden: number): Promise<void> {
  const info = await Deno.lstat(folder);
  if (info.isSymlink) throw new ConfigError(`'${folder}' is a symbolic link: choose a folder that is none`);
  if (!info.isDirectory) throw new ConfigError(`'${folder}' is no folder: choose another place`);
  checkOwned(folder, info, forbidden);
}
