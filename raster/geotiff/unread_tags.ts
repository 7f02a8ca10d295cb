/**
 * What the tags of an image say that is not used.
 *
 * @module
 */
import { shownValue } from "../../core/shown_value.ts";
import type { GeoTransform } from "../raster_info.ts";
import type { UnreadPart } from "../unread_parts.ts";
import { type GdalMetadataItem, MAX_METADATA_BYTES } from "./gdal_metadata.ts";
import { groundControlPoints, hasPlace, type ModelTags } from "./geo_transform.ts";
import type { Ifd } from "./ifd.ts";
import type { ImageLayout } from "./image_layout.ts";
import { PHOTOMETRIC, TAG } from "./tags.ts";

/** A text of a file is shown up to here. */
const MAX_SHOWN_CHARS = 40;

/** What of an image's tags has been read. */
export interface ReadTags {
  /** How its pixels lie. */
  readonly layout: Pick<ImageLayout, "photometric" | "bands">;
  /** The tags of its place. */
  readonly model: ModelTags;
  /** Where they place it; null for nowhere. */
  readonly geotransform: GeoTransform | null;
  /** GDAL_METADATA. */
  readonly metadata: readonly GdalMetadataItem[];
  /** GDAL_NODATA as text; "" for none. */
  readonly nodataText: string;
  /** GDAL_NODATA as a number; null if it is none that a pixel can have. */
  readonly nodata: number | bigint | null;
}

/** The parts of the image in `ifd` that are not used. */
export function unreadTags(ifd: Ifd, tags: ReadTags): UnreadPart[] {
  const { layout, model, geotransform, metadata, nodata, nodataText } = tags;
  const parts: UnreadPart[] = [];
  const points = groundControlPoints(model);
  if (points > 0) {
    const what = points === 1 ? "one ground control point" : `${points} ground control points`;
    parts.push({ kind: "groundControlPoints", what });
  }
  if (geotransform === null && hasPlace(model)) {
    parts.push({ kind: "damagedPlace", what: "a damaged place (numbers that are not finite)" });
  }
  if (ifd.has(TAG.RPCCoefficient)) {
    parts.push({ kind: "rationalPolynomials", what: "rational polynomial coefficients (RPCs)" });
  }
  const scaled = scaledBands(metadata, layout.bands);
  if (scaled > 0) {
    const where = layout.bands === 1 ? "" : ` in ${scaled} of ${layout.bands} bands`;
    parts.push({ kind: "scaleAndOffset", what: `a scale and an offset${where}` });
  }
  if (layout.photometric === PHOTOMETRIC.PALETTE && ifd.has(TAG.ColorMap)) {
    parts.push({ kind: "colourTable", what: "a colour table" });
  }
  const metadataBytes = ifd.entry(TAG.GDALMetadata)?.byteLength ?? 0;
  if (metadataBytes > MAX_METADATA_BYTES) {
    parts.push({ kind: "longMetadata", what: `${metadataBytes} bytes of metadata` });
  }
  if (nodata === null && /\S/.test(nodataText)) {
    parts.push({
      kind: "nodata",
      what: `the nodata value ${shownValue(nodataText.slice(0, MAX_SHOWN_CHARS))}`,
    });
  }
  return parts;
}

/** How many bands have a scale other than 1 or an offset other than 0. */
function scaledBands(metadata: readonly GdalMetadataItem[], bands: number): number {
  const scaled = new Set<number>();
  for (const { role, sample, value } of metadata) {
    const neutral = role === "scale" ? 1 : role === "offset" ? 0 : undefined;
    if (neutral === undefined || sample === undefined || sample >= bands) continue;
    if (Number(value) !== neutral) scaled.add(sample);
  }
  return scaled.size;
}
