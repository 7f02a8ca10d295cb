/**
 * PAM, GDAL's "persistent auxiliary metadata": what GDAL, QGIS and ArcGIS keep in `scene.tif.aux.xml` of a raster that
 * they may not change, or that has no place for it.
 *
 * @module
 */
import { messageOf } from "../../core/errors.ts";
import { XmlError, type XmlEvent, xmlEvents } from "../geotiff/xml_events.ts";
import type { GeoTransform } from "../raster_info.ts";

/** A nodata value as it stands there. */
export interface PamNodata {
  /** In decimal, which may be rounded. */
  readonly text: string;
  /** The bits of the double, if they are there. */
  readonly exact: number | undefined;
}

/** What a PAM document says, as far as it is looked at. Bands count from 1. */
export interface PamFacts {
  /** Where the pixels lie. */
  readonly geotransform: GeoTransform | undefined;
  /** The coordinate system, mostly as WKT; "" if the raster is to have none. */
  readonly wkt: string | undefined;
  /** Nodata values. */
  readonly nodata: ReadonlyMap<number, PamNodata>;
  /** Names. */
  readonly bandNames: ReadonlyMap<number, string>;
  /** Bands with statistics or a histogram. */
  readonly statistics: ReadonlySet<number>;
  /** Bands with a scale other than 1 or an offset other than 0. */
  readonly scaled: ReadonlySet<number>;
  /** Bands with a colour table. */
  readonly colourTables: ReadonlySet<number>;
  /** Ground control points. */
  readonly groundControlPoints: number;
}

/** More of a document is not looked at; place and coordinate system stand at its beginning. */
export const PAM_BYTES = 8 << 20;
/** A coordinate system is some kilobytes long. */
const MAX_TEXT = 64 << 10;

/** The elements whose text is wanted, by their path below the root in small letters: GDAL takes any. */
const WANTED: ReadonlySet<string> = new Set([
  "srs",
  "geotransform",
  "pamrasterband/nodatavalue",
  "pamrasterband/description",
  "pamrasterband/scale",
  "pamrasterband/offset",
]);

/**
 * Reads a document.
 *
 * @param isCut whether its end was cut off; else a document that is not well-formed says nothing, as for GDAL.
 * @returns the facts, or what is wrong in one line.
 */
export function parsePam(xml: string, isCut = false): PamFacts | { readonly damage: string } {
  const reader = new PamReader();
  try {
    for (const event of xmlEvents(xml)) reader.take(event);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    if (!isCut) return { damage: messageOf(error) };
  }
  return reader.isPam ? reader.facts() : { damage: "it is no PAMDataset" };
}

class PamReader {
  /** Whether the root is the right one. */
  isPam = false;
  readonly #path: string[] = [];
  #band = 0;
  #texts: string[] | undefined;
  #textLength = 0;
  #hex: string | undefined;
  #geotransform: GeoTransform | undefined;
  #wkt: string | undefined;
  #groundControlPoints = 0;
  readonly #nodata = new Map<number, PamNodata>();
  readonly #bandNames = new Map<number, string>();
  readonly #statistics = new Set<number>();
  readonly #scaled = new Set<number>();
  readonly #colourTables = new Set<number>();

  take(event: XmlEvent): void {
    if (event.kind === "text") {
      if (!this.#texts) return;
      this.#textLength += event.text.length;
      if (this.#textLength > MAX_TEXT) {
        throw new XmlError(`one of its facts is longer than ${MAX_TEXT} characters`);
      }
      this.#texts.push(event.text);
      return;
    }
    if (event.kind === "close") {
      if (this.#texts) this.#use(this.#path.slice(1).join("/"), this.#texts.join(""));
      this.#texts = undefined;
      this.#path.pop();
      return;
    }
    this.#path.push(event.name.toLowerCase());
    if (this.#path.length === 1) this.isPam ||= this.#path[0] === "pamdataset";
    else if (this.#path[0] === "pamdataset" && this.#path.length <= 4) this.#open(event.attributes);
  }

  facts(): PamFacts {
    return {
      geotransform: this.#geotransform,
      wkt: this.#wkt,
      nodata: this.#nodata,
      bandNames: this.#bandNames,
      statistics: this.#statistics,
      scaled: this.#scaled,
      colourTables: this.#colourTables,
      groundControlPoints: this.#groundControlPoints,
    };
  }

  #open(attributes: ReadonlyMap<string, string>): void {
    const path = this.#path.slice(1).join("/");
    if (path === "pamrasterband") this.#band = Number(attributes.get("band") ?? 0);
    else if (path === "gcplist/gcp") this.#groundControlPoints++;
    else if (path === "pamrasterband/histograms") this.#statistics.add(this.#band);
    else if (path === "pamrasterband/colortable") this.#colourTables.add(this.#band);
    else if (path === "pamrasterband/metadata/mdi") {
      if (attributes.get("key")?.startsWith("STATISTICS_")) this.#statistics.add(this.#band);
    }
    if (!WANTED.has(path)) return;
    this.#texts = [];
    this.#textLength = 0;
    this.#hex = attributes.get("le_hex_equiv");
  }

  #use(path: string, text: string): void {
    const trimmed = text.trim();
    // The first one counts, as for GDAL.
    if (path === "srs") this.#wkt ??= trimmed;
    else if (path === "geotransform") this.#geotransform ??= geotransformOf(trimmed);
    else if (path === "pamrasterband/nodatavalue" && trimmed !== "") {
      this.#nodata.set(this.#band, { text: trimmed, exact: doubleOf(this.#hex) });
    } else if (path === "pamrasterband/description" && trimmed !== "") {
      this.#bandNames.set(this.#band, trimmed);
    } else if (path === "pamrasterband/scale" && Number(trimmed) !== 1) this.#scaled.add(this.#band);
    else if (path === "pamrasterband/offset" && Number(trimmed) !== 0) this.#scaled.add(this.#band);
  }
}

/** Six numbers with commas between them; undefined if they place no pixels. */
function geotransformOf(text: string): GeoTransform | undefined {
  const parts = text.slice(0, 1000).split(",").map(Number.parseFloat);
  const [x, xx, xy, y, yx, yy] = parts;
  if (x === undefined || xx === undefined || xy === undefined || parts.length !== 6) return undefined;
  if (y === undefined || yx === undefined || yy === undefined) return undefined;
  if (!parts.every(Number.isFinite) || xx * yy - xy * yx === 0) return undefined;
  return [x, xx, xy, y, yx, yy];
}

/** A double from its eight bytes in hexadecimal, the lowest first. */
function doubleOf(hex: string | undefined): number | undefined {
  if (hex === undefined || !/^[0-9a-f]{16}$/i.test(hex)) return undefined;
  return new DataView(Uint8Array.fromHex(hex).buffer).getFloat64(0, true);
}
