/**
 * Folders and files that nobody else can read or replace.
 *
 * @module
 */
import { dirname } from "@std/path/dirname";
import { ConfigError, messageOf } from "./errors.ts";

const OTHERS = 0o077;
const OTHERS_WRITE = 0o022;

/** A folder that must be ours alone. */
export interface PrivateFolder {
  /** The folder. */
  readonly path: string;
  /** The folder above it below which everything is ours and is checked to be. */
  readonly within: string;
}

/**
 * Makes a folder with mode 0700, and what lies above it.
 *
 * @throws {ConfigError} if one of them, made before perhaps, is another user's or a symbolic link, or the folder itself is
 *   open to others.
 */
export async function makePrivateFolder({ path: folder, within }: PrivateFolder): Promise<void> {
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

async function checkFolder(folder: string, forbidden: number): Promise<void> {
  const info = await Deno.lstat(folder);
  if (info.isSymlink) throw new ConfigError(`'${folder}' is a symbolic link: choose a folder that is none`);
  if (!info.isDirectory) throw new ConfigError(`'${folder}' is no folder: choose another place`);
  checkOwned(folder, info, forbidden);
}
