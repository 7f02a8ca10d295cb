/**
 * The directories of a TIFF: the image that is read, its overviews, and what else there is.
 *
 * @module
 */
import { RasterError } from "../../core/errors.ts";
import type { ByteSource } from "../source/byte_source.ts";
import type { UnreadPart } from "../unread_parts.ts";
import { Ifd, type TiffHeader } from "./ifd.ts";
import { TAG } from "./tags.ts";

/** More directories than are worth walking through; GDAL's limit too. */
const MAX_DIRECTORIES = 65535;

/** NewSubfileType (TIFF 6.0 section 8). */
const SUBFILE = { REDUCED: 1, MASK: 4 } as const;

/** What the directories of a file hold. */
export interface ImageDirectories {
  /** The image: the first directory, whatever it says of its kind, as in GDAL. */
  readonly main: Ifd;
  /** Sizes of its reduced images, largest first. */
  readonly overviews: readonly { readonly width: number; readonly height: number }[];
  /** Masks, further images and damaged directories. */
  readonly unread: readonly UnreadPart[];
}

/**
 * Walks through the directories. A damaged one after the first ends the walk and is told as unread, since the image
 * before it is sound.
 *
 * @throws {RasterError} if the first is missing or damaged, or the file can't be read.
 */
export async function readImageDirectories(
  source: ByteSource,
  header: TiffHeader,
): Promise<ImageDirectories> {
  if (header.firstIfdOffset === 0) {
    throw new RasterError(`'${source.name}' has no image: its first directory is missing`);
  }
  const main = await Ifd.read(source, header, header.firstIfdOffset);
  if (typeof main === "string") {
    throw new RasterError(`'${source.name}' is truncated or damaged: ${main}; get a whole copy of it`);
  }
  const later = new LaterDirectories();
  const damage = await walk(source, { header, main, later });
  return { main, overviews: later.overviews(), unread: later.unread(damage) };
}

/** Gives each directory after `main` to `later`; returns what is wrong with the chain, if something is. */
async function walk(
  source: ByteSource,
  { header, main, later }: { header: TiffHeader; main: Ifd; later: LaterDirectories },
): Promise<string | undefined> {
  const seen = new Set([header.firstIfdOffset]);
  let directoryBytes = main.byteLength;
  let next = main.nextOffset;
  while (next !== 0) {
    if (next === undefined) return "the file ends where the place of the next directory must stand";
    if (seen.has(next)) return `the directories form a loop at byte ${next}`;
    if (seen.size === MAX_DIRECTORIES) return `there are more than ${MAX_DIRECTORIES} directories`;
    const directory = await Ifd.read(source, header, next);
    if (typeof directory === "string") return directory;
    directoryBytes += directory.byteLength;
    // Directories that lie over one another would take any time from a small file.
    if (directoryBytes > source.byteLength) return `the directory at byte ${next} lies over others`;
    seen.add(next);
    later.add(directory);
    next = directory.nextOffset;
  }
  return undefined;
}

/** What is kept of the directories after the first, which can be many. */
class LaterDirectories {
  readonly #overviews: { width: number; height: number }[] = [];
  #masks = 0;
  #pages = 0;
  /** The main directory is number 1, as for GDAL's GTIFF_DIR. */
  #directories = 1;
  #firstPage = 0;

  add(directory: Ifd): void {
    this.#directories++;
    const kind = directory.inlineNumber(TAG.NewSubfileType, 0);
    const isReduced = (kind & SUBFILE.REDUCED) !== 0;
    if ((kind & SUBFILE.MASK) !== 0) {
      if (!isReduced) this.#masks++;
    } else if (isReduced) {
      this.#overviews.push({
        width: directory.inlineNumber(TAG.ImageWidth, 0),
        height: directory.inlineNumber(TAG.ImageLength, 0),
      });
    } else {
      this.#pages++;
      this.#firstPage ||= this.#directories;
    }
  }

  overviews(): ImageDirectories["overviews"] {
    return this.#overviews.sort((a, b) => b.width * b.height - a.width * a.height);
  }

  unread(damage: string | undefined): UnreadPart[] {
    const parts: UnreadPart[] = [];
    if (this.#masks > 0) parts.push({ kind: "mask", what: "a mask of valid pixels" });
    if (this.#pages > 0) {
      const what = this.#pages === 1
        ? `one more image (directory ${this.#firstPage})`
        : `${this.#pages} more images (from directory ${this.#firstPage} on)`;
      parts.push({ kind: "pages", what });
    }
    if (damage !== undefined) {
      parts.push({ kind: "damagedDirectory", what: `a damaged list of directories (${damage})` });
    }
    return parts;
  }
}
