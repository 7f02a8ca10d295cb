/**
 * The scenes that are measured on: two bands of bytes, red and near infrared, tiled 256, DEFLATE.
 *
 * @module
 */
import { join } from "@std/path";
import { sharedFile } from "../tests/gdal.ts";
import type { PixelGrid } from "../raster/pixel_grid.ts";
import { apply } from "../raster/apply.ts";
import { CW_THREADS } from "../core/kinds.ts";
import { pathOf, type Tools } from "./tools.ts";

const TILES = ["TILED=YES", "BLOCKXSIZE=256", "BLOCKYSIZE=256", "INTERLEAVE=BAND", "BIGTIFF=IF_SAFER"];

/** Makes scenes when they are first asked for, and keeps them in a folder. */
export class Scenes {
  /** What the scenes are made of, for people. */
  readonly origin: string;
  readonly #folder: string;
  readonly #gdalTranslate: string | undefined;
  readonly #landsat: string | undefined;

  /** Scenes in `folder`: of a real Landsat 7 subset where that and GDAL are here, else of the demo's generator. */
  constructor(folder: string, tools: Tools) {
    this.#folder = folder;
    this.#gdalTranslate = pathOf(tools.gdalTranslate);
    this.#landsat = this.#gdalTranslate === undefined ? undefined : sharedFile("data/L7_ETMs.tif");
    this.origin = this.#landsat === undefined
      ? "the generator of the demo, bands 3 and 4 as bytes"
      : "bands 3 and 4 of a real Landsat 7 subset, enlarged (bilinear)";
  }

  /** The path of a square scene. */
  async square(sidePixels: number): Promise<string> {
    const path = join(this.#folder, `scene_${sidePixels}.tif`);
    if (await exists(path)) return path;
    if (this.#landsat === undefined) await generate(path, "./synthetic_scene.ts", sidePixels);
    else {
      const size = [
        "-b",
        "3",
        "-b",
        "4",
        "-outsize",
        String(sidePixels),
        String(sidePixels),
        "-r",
        "bilinear",
      ];
      await this.#translate(this.#landsat, path, { compress: "DEFLATE", more: size });
    }
    return path;
  }

  /**
   * The path of a scene's copy with another compression.
   *
   * @throws {Error} without GDAL, which writes compressions that we only read.
   */
  async recompressed(scene: string, compress: string): Promise<string> {
    const path = scene.replace(/\.tif$/, `_${compress.toLowerCase()}.tif`);
    if (!await exists(path)) await this.#translate(scene, path, { compress });
    return path;
  }

  /** The path of a scene of any size that is cheap to make: soft waves with a little noise. */
  async cheap(sidePixels: number): Promise<string> {
    const path = join(this.#folder, `cheap_${sidePixels}.tif`);
    if (!await exists(path)) await generate(path, "./cheap_scene.ts", sidePixels);
    return path;
  }

  async #translate(
    from: string,
    to: string,
    how: { compress: string; more?: readonly string[] },
  ): Promise<void> {
    if (this.#gdalTranslate === undefined) throw new Error(`Cannot make '${to}': gdal_translate is missing`);
    const options = [`COMPRESS=${how.compress}`, ...TILES].flatMap((option) => ["-co", option]);
    const { success, stderr } = await new Deno.Command(this.#gdalTranslate, {
      args: ["-q", "-of", "GTiff", ...how.more ?? [], ...options, from, to],
    }).output();
    if (!success) throw new Error(`Cannot make '${to}': ${new TextDecoder().decode(stderr).trim()}`);
  }
}

async function generate(path: string, userFunction: string, sidePixels: number): Promise<void> {
  await apply({
    userFunction: new URL(userFunction, import.meta.url),
    outfiles: { scene: path },
    controls: {
      referencePixgrid: gridOf(sidePixels),
      creationOptions: [...TILES, "COMPRESS=DEFLATE", "ZLEVEL=1"],
      windowxsize: 512,
      windowysize: 512,
    },
    concurrency: { computeWorkerKind: CW_THREADS, numComputeWorkers: navigator.hardwareConcurrency },
  });
}

function gridOf(sidePixels: number): PixelGrid {
  return { geotransform: [0, 10, 0, 0, 0, -10], ncols: sidePixels, nrows: sidePixels, geoKeys: null };
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
