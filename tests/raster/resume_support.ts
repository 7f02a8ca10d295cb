/**
 * What the tests of journal and resume share: a job of 24 blocks and two outputs that can be made to fail, and a
 * comparison with the same job undisturbed.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { ApplyOptions } from "../../raster/apply_options.ts";
import { tempFolder } from "../gdal.ts";
import { assertSamePixels, filesIn, makeRaster, readRaster, run } from "./apply_support.ts";

/** Blocks of the job. */
export const BLOCKS = 24;

/** Folder with a scene, a user function in a file and jobs over them. */
export interface ResumeScene extends Disposable {
  readonly path: string;
  file(name: string): string;
  /** The job, with outputs `a` and `b` in files whose names begin with `prefix`. */
  job(prefix: string, rest?: Partial<ApplyOptions>): ApplyOptions;
  /** From now on the function throws in this block and all later ones, and is slow in all; undefined for neither. */
  failAt(block: number | undefined): void;
  /** From now on each block takes this long. */
  slowDown(milliseconds: number): void;
  /** Runs the job with the function failing at `block`, which must be an error; gives its message. */
  fail(block: number, job: ApplyOptions): Promise<string>;
  /** Names in the folder that begin with `prefix` but are no reference. */
  left(prefix: string): string[];
  /** Whether the outputs of `prefix` are the same as those of a run undisturbed. */
  assertSame(prefix: string): Promise<void>;
}

/** Makes the scene and runs the job once undisturbed, for reference. */
export async function resumeScene(): Promise<ResumeScene> {
  const folder = tempFolder();
  const { path, file } = folder;
  makeRaster(file("scene.tif"), { width: 96, height: 64, bands: 2, nodata: 7 });
  Deno.writeTextFileSync(file("function.ts"), functionText(file("control")));
  // By a rename: workers read it at any time.
  const tell = (control: { block: number; ms: number }) => {
    Deno.writeTextFileSync(file("new control"), JSON.stringify(control));
    Deno.renameSync(file("new control"), file("control"));
  };
  const scene: ResumeScene = {
    path,
    file,
    job: (prefix, rest = {}) => ({
      userFunction: file("function.ts"),
      infiles: { img: file("scene.tif") },
      outfiles: { a: file(`${prefix}_a.tif`), b: file(`${prefix}_b.tif`) },
      ...rest,
      controls: {
        windowxsize: 16,
        windowysize: 16,
        windowExact: true,
        outputNoData: { a: 7, b: NaN },
        layerNames: { a: ["one", "two"] },
        creationOptions: { a: ["SPARSE_OK=TRUE"], b: ["COMPRESS=NONE"] },
        ...rest.controls,
      },
    }),
    failAt: (block) => tell({ block: block ?? -1, ms: block === undefined ? 0 : 10 }),
    slowDown: (ms) => tell({ block: -1, ms }),
    async fail(block, job) {
      scene.failAt(block);
      const error = await run(job).then(() => undefined, (thrown) => thrown);
      scene.failAt(undefined);
      if (!(error instanceof Error)) throw new Error("the job did not fail");
      return error.message;
    },
    left: (prefix) => filesIn(path).filter((name) => name.startsWith(`${prefix}_`)),
    async assertSame(prefix) {
      assertEquals(scene.left(prefix), [`${prefix}_a.tif`, `${prefix}_b.tif`]);
      for (const name of ["a", "b"]) {
        const expected = await readRaster(file(`reference_${name}.tif`));
        const actual = await readRaster(file(`${prefix}_${name}.tif`));
        assertSamePixels(actual.pixels, expected.pixels, `${prefix} ${name}`);
        // Where the tiles lie may differ, and with it the length.
        const { location, version, byteLength } = expected.info;
        assertEquals({ ...actual.info, location, version, byteLength }, expected.info);
      }
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
  scene.failAt(undefined);
  await run(scene.job("reference"));
  return scene;
}

/** Copies the input, and gives its first band halved; the first row of blocks is nothing but nodata. */
function functionText(control: string): string {
  return `
export default async (info: any, { img }: any, outputs: any) => {
  const [x, y] = info.getBlockCount();
  const { block, ms } = JSON.parse(Deno.readTextFileSync(${JSON.stringify(control)}));
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
  // All that come after it, too: another worker may be far ahead, and must not have done a block of a later failure.
  if (block >= 0 && y * info.getTotalBlocks()[0] + x >= block) throw new Error("told to fail");
  outputs.a = { data: y === 0 ? img.data.map(() => 7) : img.data, bands: img.bands };
  outputs.b = Float32Array.from(img.band(1), (value) => value === 7 ? NaN : value / 2);
};
`;
}
