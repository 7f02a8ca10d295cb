/**
 * What a raster is by its own tags and by the files beside it, as GDAL sees it.
 *
 * @module
 */
import { GeoTiffReader } from "../geotiff/geotiff_reader.ts";
import { parseNodata } from "../geotiff/nodata_text.ts";
import type { RasterInfo, Sidecar, SidecarFact } from "../raster_info.ts";
import type { OpenSourceOptions } from "../source/byte_source.ts";
import { isRemote, readableLocation } from "../source/location.ts";
import type { UnreadPart } from "../unread_parts.ts";
import type { PamFacts } from "./pam.ts";
import { LocalSiblings } from "./sibling_files.ts";
import { sidecarDigest } from "./sidecar_digest.ts";
import { findSidecarFacts, isByPoints, type SidecarFacts } from "./sidecar_facts.ts";

/** How the files beside a raster are looked for. */
export interface ReadFileInfoOptions extends OpenSourceOptions {
  /** The local folders that have been listed, for several rasters in one of them. Default its own. */
  siblings?: LocalSiblings;
}

/**
 * Opens a raster and reads what it and the files beside it say of it. On a server files beside it are looked for only
 * where the raster itself does not say where it lies, as each costs a request.
 *
 * @throws {RasterError} if it can't be read; the files beside it may be damaged, which is told in `unread`.
 */
export async function readFileInfo(
  location: string,
  options: ReadFileInfoOptions = {},
): Promise<RasterInfo> {
  const { siblings: _siblings, ...opening } = options;
  return await addSidecars(await readOwnInfo(location, opening), location, options);
}

/**
 * Adds what the files beside a raster say of it.
 *
 * @param own what the raster says itself.
 * @param location its path or URL, as it was given: a link's files lie beside the link.
 */
export async function addSidecars(
  own: RasterInfo,
  location: string,
  options: ReadFileInfoOptions,
): Promise<RasterInfo> {
  const { siblings, ...opening } = options;
  const hasPlace = own.geotransform !== null;
  if (!isRemote(location)) {
    const facts = await findSidecarFacts(siblings ?? new LocalSiblings(), readableLocation(location), {
      hasPlace,
      lookForOthers: true,
    });
    return await withSidecars(own, facts);
  }
  if (hasPlace) return own;
  // Most rasters are local.
  const { RemoteSiblings } = await import("./remote_siblings.ts");
  const url = new URL(location);
  const remote = new RemoteSiblings(url, opening);
  const facts = await findSidecarFacts(remote, url.pathname, { hasPlace, lookForOthers: false });
  const { trouble } = remote;
  const unread: UnreadPart[] = trouble === undefined
    ? []
    : [{ kind: "damagedSidecar", what: `files beside it that could not be asked for (${trouble})` }];
  return await withSidecars(own, { ...facts, unread: [...facts.unread, ...unread] });
}

async function readOwnInfo(location: string, opening: OpenSourceOptions): Promise<RasterInfo> {
  await using reader = await GeoTiffReader.open(location, opening);
  return reader.info;
}

async function withSidecars(own: RasterInfo, found: SidecarFacts): Promise<RasterInfo> {
  const { pam, worldFile, others } = found;
  const { geotransform, wkt } = pam?.facts ?? {};
  const bandNodata = own.bandNodata.map((nodata, index) => {
    const given = pam?.facts.nodata.get(index + 1);
    if (given === undefined) return nodata;
    const is64Bit = own.dataType === "int64" || own.dataType === "uint64";
    const exact = is64Bit ? undefined : given.exact;
    const value = exact === undefined ? parseNodata(given.text, own.dataType) : exact;
    if (value === null) return nodata;
    return own.dataType === "float32" ? Math.fround(Number(value)) : value;
  });
  const bandNames = own.bandNames.map((name, index) => name || (pam?.facts.bandNames.get(index + 1) ?? ""));
  const info: RasterInfo = {
    ...own,
    geotransform: isByPoints(pam?.facts)
      ? null
      : geotransform ?? own.geotransform ?? worldFile?.geotransform ?? null,
    ...wkt === undefined ? {} : await crsOf(wkt),
    sidecarsVersion: await sidecarDigest(found),
    nodata: bandNodata[0] ?? null,
    bandNodata,
    bandNames,
  };
  const sidecars: Sidecar[] = others.map((other) => ({ ...other, gives: [] }));
  if (worldFile) {
    sidecars.unshift({ kind: "worldFile", location: worldFile.location, gives: ["geotransform"] });
  }
  if (pam) {
    const gives: SidecarFact[] = [];
    if (geotransform) gives.push("geotransform");
    if (wkt !== undefined) gives.push("crs");
    if (bandNodata.some((value, index) => !Object.is(value, own.bandNodata[index]))) gives.push("nodata");
    if (bandNames.some((name, index) => name !== own.bandNames[index])) gives.push("bandNames");
    if (pam.facts.statistics.size > 0) gives.push("statistics");
    sidecars.unshift({ kind: "pam", location: pam.location, gives });
  }
  return { ...info, sidecars, unread: [...own.unread, ...found.unread, ...unreadBeside(info, found)] };
}

async function crsOf(wkt: string): Promise<Pick<RasterInfo, "geoKeys" | "wkt">> {
  if (wkt === "") return { geoKeys: null, wkt: null };
  // Most rasters have nothing beside them.
  const { geoKeysOfWkt } = await import("../crs/wkt_geo_keys.ts");
  const geoKeys = geoKeysOfWkt(wkt);
  return geoKeys ? { geoKeys, wkt: null } : { geoKeys: null, wkt };
}

/** What lies beside a raster and is not used. */
function unreadBeside(info: RasterInfo, { pam, others }: SidecarFacts): UnreadPart[] {
  const parts: UnreadPart[] = [];
  for (const { kind, location } of others) {
    if (kind === "mask") parts.push({ kind: "mask", what: `a mask of valid pixels ('${location}')` });
    if (kind === "tabFile" && info.geotransform === null) {
      parts.push({ kind: "tabFile", what: `a MapInfo file beside it ('${location}')` });
    }
  }
  return pam ? [...parts, ...unreadPam(info, pam.facts, pam.location)] : parts;
}

function unreadPam(info: RasterInfo, facts: PamFacts, location: string): UnreadPart[] {
  const parts: UnreadPart[] = [];
  const { groundControlPoints: points, scaled, colourTables } = facts;
  if (points > 0 && info.geotransform === null) {
    parts.push({ kind: "groundControlPoints", what: `${points} ground control points ('${location}')` });
  }
  const isBand = (band: number) => band >= 1 && band <= info.bands;
  const scaledBands = [...scaled].filter(isBand).length;
  if (scaledBands > 0) {
    const where = info.bands === 1 ? "" : ` in ${scaledBands} of ${info.bands} bands`;
    parts.push({ kind: "scaleAndOffset", what: `a scale and an offset${where} ('${location}')` });
  }
  if ([...colourTables].some(isBand)) {
    parts.push({ kind: "colourTable", what: `a colour table ('${location}')` });
  }
  return parts;
}
