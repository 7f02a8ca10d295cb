/**
 * GeoKeys put together key by key, into the three tags that hold them (OGC 19-008r4, section 7.1).
 *
 * @module
 */
import { bytesOfText } from "../geotiff/geo_text.ts";
import type { GeoKeys } from "../raster_info.ts";
import { TAG } from "../geotiff/tags.ts";

/** Keys by number; a later value of a key replaces an earlier one. */
export class GeoKeyList {
  readonly #keys = new Map<number, number | readonly number[] | string>();

  /** Sets a key to a short, to doubles, or to a text, which is stored as UTF-8. */
  set(key: number, value: number | readonly number[] | string): void {
    this.#keys.set(key, value);
  }

  /** The tags' values, keys in ascending order. GeoTIFF 1.1 if `minor` is 1, which vertical systems need. */
  geoKeys(minor: 0 | 1): GeoKeys {
    const directory = [1, 1, minor, this.#keys.size];
    const doubles: number[] = [];
    let ascii = "";
    for (const [key, value] of [...this.#keys].sort(([a], [b]) => a - b)) {
      if (typeof value === "number") directory.push(key, 0, 1, value);
      else if (typeof value === "string") {
        const text = `${bytesOfText(value)}|`;
        directory.push(key, TAG.GeoAsciiParams, text.length, ascii.length);
        ascii += text;
      } else {
        directory.push(key, TAG.GeoDoubleParams, value.length, doubles.length);
        doubles.push(...value);
      }
    }
    return { directory, doubles, ascii };
  }
}
