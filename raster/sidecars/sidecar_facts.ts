/**
 * What the files beside a raster say of it.
 *
 * @module
 */
import type { GeoTransform, Sidecar } from "../raster_info.ts";
import type { UnreadPart } from "../unread_parts.ts";
import { PAM_BYTES, type PamFacts, parsePam } from "./pam.ts";
import type { Siblings } from "./sibling_files.ts";
import { pamName, tabFileName, tiffSidecarNames, worldFileNames } from "./sidecar_names.ts";
import { parseWorldFile, WORLD_FILE_BYTES } from "./world_file.ts";

/** What was found beside a raster. */
export interface SidecarFacts {
  /** PAM; undefined if there is none. */
  readonly pam: { readonly location: string; readonly facts: PamFacts } | undefined;
  /** The world file that places the raster; undefined if there is none, or none is needed. */
  readonly worldFile: { readonly location: string; readonly geotransform: GeoTransform } | undefined;
  /** Files that are there and of which nothing is read. */
  readonly others: readonly Pick<Sidecar, "kind" | "location">[];
  /** What is damaged. */
  readonly unread: readonly UnreadPart[];
}

/** What to look for. */
export interface LookForSidecars {
  /** Whether the raster says itself where it lies: a world file then says nothing, as for GDAL. */
  readonly hasPlace: boolean;
  /** Also find out what lies there that says nothing of the raster's place, nodata values and names. */
  readonly lookForOthers: boolean;
}

/**
 * Looks for files beside the raster called `name`, in GDAL's order: PAM goes before the raster's own tags, and these go
 * before a world file.
 */
export async function findSidecarFacts(
  siblings: Siblings,
  name: string,
  { hasPlace, lookForOthers }: LookForSidecars,
): Promise<SidecarFacts> {
  const unread: UnreadPart[] = [];
  const pam = await readPam(siblings, name, unread);
  const needsPlace = !hasPlace && pam?.facts.geotransform === undefined && !isByPoints(pam?.facts);
  const worldFile = needsPlace ? await readWorldFile(siblings, name, unread) : undefined;
  const others: Pick<Sidecar, "kind" | "location">[] = [];
  if (lookForOthers) {
    const { overviews, mask } = tiffSidecarNames(name);
    const kinds = [["overviews", overviews], ["mask", mask], ["tabFile", tabFileName(name)]] as const;
    for (const [kind, one] of kinds) {
      const location = await siblings.find(one);
      if (location !== undefined) others.push({ kind, location });
    }
  }
  return { pam, worldFile, others, unread };
}

/**
 * Whether PAM places a raster by ground control points alone. They go before all other places, as for GDAL; since they are not
 * read, the raster then lies nowhere.
 */
export function isByPoints(pam: PamFacts | undefined): boolean {
  return pam !== undefined && pam.geotransform === undefined && pam.groundControlPoints > 0;
}

async function readPam(
  siblings: Siblings,
  name: string,
  unread: UnreadPart[],
): Promise<SidecarFacts["pam"]> {
  const location = await siblings.find(pamName(name));
  if (location === undefined) return undefined;
  const read = await siblings.read(location, PAM_BYTES);
  if (read === undefined) {
    unread.push(damaged(location, "it can't be read"));
    return undefined;
  }
  const { text, isCut, byteLength } = read;
  const facts = parsePam(text, isCut);
  if ("damage" in facts) {
    unread.push(damaged(location, facts.damage));
    return undefined;
  }
  if (isCut) {
    unread.push({ kind: "longSidecar", what: `${byteLength} bytes of metadata beside it ('${location}')` });
  }
  return { location, facts };
}

/** The first that is well-formed places the raster. */
async function readWorldFile(
  siblings: Siblings,
  name: string,
  unread: UnreadPart[],
): Promise<SidecarFacts["worldFile"]> {
  for (const one of worldFileNames(name)) {
    const location = await siblings.find(one);
    if (location === undefined) continue;
    const read = await siblings.read(location, WORLD_FILE_BYTES);
    const geotransform = read && parseWorldFile(read.text);
    if (geotransform) return { location, geotransform };
    unread.push(damaged(location, read ? "it has no six numbers that place pixels" : "it can't be read"));
  }
  return undefined;
}

function damaged(location: string, damage: string): UnreadPart {
  return { kind: "damagedSidecar", what: `a damaged file beside it ('${location}': ${damage})` };
}
