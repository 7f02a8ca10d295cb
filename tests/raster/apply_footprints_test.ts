import { assertEquals } from "@std/assert";
import type { ApplierControls } from "../../raster/apply_options.ts";
import type { PixelGrid } from "../../raster/pixel_grid.ts";
import { tempFolder } from "../gdal.ts";
import { pixelOnGrid, type PlacedImage } from "./apply_expected.ts";
import {
  assertSamePixels,
  FED_THREADS,
  makeRaster,
  readRaster,
  run,
  shifted,
  THREADS,
  UTM_33N,
} from "./apply_support.ts";

/** Three scenes that overlap in part, by column, row and size; the second one has no nodata value. */
const SCENES = [
  { name: "a", col: 0, row: 0, width: 80, height: 60, nodata: 3, seed: 11 },
  { name: "b", col: 25, row: -14, width: 90, height: 50, nodata: null, seed: 12 },
  { name: "c", col: 10, row: 21, width: 47, height: 99, nodata: 9, seed: 13 },
] as const;

interface Frame {
  readonly col: number;
  readonly row: number;
  readonly width: number;
  readonly height: number;
}

interface FootprintCase {
  readonly name: string;
  readonly controls: (reference: string) => ApplierControls;
  readonly frame: Frame;
}

const INTERSECTION: Frame = { col: 25, row: 21, width: 32, height: 15 };
const UNION: Frame = { col: 0, row: -14, width: 115, height: 134 };
/** The frame of the file that stands as a reference. */
const REFERENCE: Frame = { col: -5, row: 30, width: 61, height: 17 };
const OUTSIDE: Frame = { col: -400, row: 300, width: 31, height: 20 };

function grid({ col, row, width, height }: Frame): PixelGrid {
  return { geotransform: shifted(col, row), ncols: width, nrows: height, geoKeys: UTM_33N };
}

const CASES: readonly FootprintCase[] = [
  { name: "the intersection by default", controls: () => ({}), frame: INTERSECTION },
  { name: "the union", controls: () => ({ footprint: "union" }), frame: UNION },
  {
    name: "the bounds of a reference file, in part outside the inputs",
    controls: (reference) => ({ footprint: "bounds_from_reference", reference }),
    frame: REFERENCE,
  },
  {
    name: "the bounds of a reference grid that is larger than all inputs",
    controls: () => ({
      footprint: "bounds_from_reference",
      referencePixgrid: grid({ col: -40, row: -40, width: 201, height: 177 }),
    }),
    frame: { col: -40, row: -40, width: 201, height: 177 },
  },
  {
    name: "the bounds of a reference grid that is smaller than all inputs",
    controls: () => ({
      footprint: "bounds_from_reference",
      referencePixgrid: grid({ col: 30, row: 25, width: 7, height: 3 }),
    }),
    frame: { col: 30, row: 25, width: 7, height: 3 },
  },
  {
    name: "the bounds of a reference that no input touches",
    controls: () => ({ footprint: "bounds_from_reference", referencePixgrid: grid(OUTSIDE) }),
    frame: OUTSIDE,
  },
  {
    name: "the intersection on a reference's lattice, whatever the reference's own extent",
    controls: (reference) => ({ reference }),
    frame: INTERSECTION,
  },
  {
    name: "the extent of one of the inputs",
    controls: () => ({ filesForExtent: ["c"] }),
    frame: { col: 10, row: 21, width: 47, height: 99 },
  },
  {
    name: "the bounds of the input that is named as the reference",
    controls: () => ({ footprint: "bounds_from_reference", reference: "c" }),
    frame: { col: 10, row: 21, width: 47, height: 99 },
  },
  {
    name: "the extent of a file that is no input",
    controls: (reference) => ({ filesForExtent: [new URL(`file://${reference}`)] }),
    frame: REFERENCE,
  },
  {
    name: "the extent of a file that is an input",
    controls: (reference) => ({ filesForExtent: [reference.replace("reference.tif", "c.tif")] }),
    frame: { col: 10, row: 21, width: 47, height: 99 },
  },
  {
    name: "the union of some of the inputs",
    controls: () => ({ filesForExtent: ["b", "c"], footprint: "union" }),
    frame: { col: 10, row: -14, width: 105, height: 134 },
  },
];

for (const { name, controls, frame } of CASES) {
  Deno.test(`the working grid is ${name}, and each input lies where it should in it`, async () => {
    using folder = tempFolder();
    const images: PlacedImage[] = SCENES.map(({ name, ...scene }) => ({
      ...makeRaster(folder.file(`${name}.tif`), { ...scene, geotransform: shifted(scene.col, scene.row) }),
      ...{ col: scene.col - frame.col, row: scene.row - frame.row },
    }));
    const reference = folder.file("reference.tif");
    makeRaster(reference, { ...REFERENCE, geotransform: shifted(REFERENCE.col, REFERENCE.row) });
    const out = folder.file("out.tif");
    for (const concurrency of [{}, THREADS, FED_THREADS]) {
      const { workinggrid } = await run({
        userFunction(_info, { a, b, c }, outputs) {
          outputs.out = {
            bands: 3,
            data: Float64Array.from([...a.band(0), ...b.band(0), ...c.band(0)]),
          };
        },
        infiles: Object.fromEntries(SCENES.map(({ name }) => [name, folder.file(`${name}.tif`)])),
        ...{ outfiles: { out }, concurrency },
        controls: { ...controls(reference), windowxsize: 48, windowysize: 32, windowExact: true },
      });
      const { geotransform, ncols, nrows } = workinggrid;
      assertEquals({ geotransform, ncols, nrows, geoKeys: UTM_33N }, grid(frame));
      const made = await readRaster(out);
      assertEquals(made.info.geotransform, shifted(frame.col, frame.row));
      const { width, height } = frame;
      const expected = images.flatMap((image) =>
        Array.from(
          { length: width * height },
          (_, at) => pixelOnGrid(image, 0, Math.floor(at / width), at % width),
        )
      );
      assertSamePixels(made.pixels, Float64Array.from(expected), name);
    }
  });
}

Deno.test("a run without inputs works on the reference grid", async () => {
  using folder = tempFolder();
  const out = folder.file("out.tif");
  const { blocks } = await run({
    userFunction(info, inputs, outputs) {
      if (Object.keys(inputs).length > 0) throw new Error("there should be no inputs");
      const { x, y } = info.getBlockCoordArrays();
      outputs.out = x.map((value, i) => value + y[i]!);
    },
    outfiles: { out },
    controls: {
      ...{ referencePixgrid: grid(REFERENCE), windowxsize: 16, windowysize: 16, windowExact: true },
    },
    concurrency: THREADS,
  });
  assertEquals(blocks.total, 8);
  const made = await readRaster(out);
  const { col, row, width, height } = REFERENCE;
  const [x0, , , y0] = shifted(col, row);
  const expected = Array.from(
    { length: width * height },
    (_, at) => x0 + (at % width + 0.5) * 30 + y0 - (Math.floor(at / width) + 0.5) * 30,
  );
  assertSamePixels(made.pixels, Float64Array.from(expected), "coordinates");
});

Deno.test("rasters without a georeference are worked on pixel by pixel, and the output has none either", async () => {
  using folder = tempFolder();
  const [a, b, out] = ["a.tif", "b.tif", "out.tif"].map((name) => folder.file(name)) as [
    string,
    string,
    string,
  ];
  const left = makeRaster(a, { width: 40, height: 30, geotransform: null, geoKeys: null, seed: 1 });
  const right = makeRaster(b, { width: 33, height: 35, geotransform: null, geoKeys: null, seed: 2 });
  const { workinggrid } = await run({
    userFunction(_info, { a, b }, outputs) {
      outputs.out = Int32Array.from(a.data, (value: number, i: number) => value - b.data[i]);
    },
    ...{ infiles: { a, b }, outfiles: { out } },
  });
  assertEquals(workinggrid, { geotransform: [0, 1, 0, 0, 0, 1], geoKeys: null, ncols: 33, nrows: 30 });
  const made = await readRaster(out);
  assertEquals([made.info.geotransform, made.info.geoKeys], [null, null]);
  const expected = Int32Array.from(
    { length: 33 * 30 },
    (_, at) => Number(left.pixels[Math.floor(at / 33) * 40 + at % 33]) - Number(right.pixels[at]),
  );
  assertSamePixels(made.pixels, expected, "differences");
});

Deno.test("georeferences that differ by rounding only are on one grid, that of the first input", async () => {
  using folder = tempFolder();
  const [a, b, out] = ["a.tif", "b.tif", "out.tif"].map((name) => folder.file(name)) as [
    string,
    string,
    string,
  ];
  makeRaster(a, { width: 40, height: 30 });
  const image = makeRaster(b, {
    ...{ width: 40, height: 30, seed: 2, geotransform: [500_000.0001, 30.000001, 0, 5_300_000, 0, -30] },
  });
  await run({
    userFunction: (_info, { b }, outputs) => outputs.out = b,
    ...{ infiles: { a, b }, outfiles: { out } },
  });
  const made = await readRaster(out);
  assertEquals(made.info.geotransform, shifted(0, 0));
  assertSamePixels(made.pixels, image.pixels, "b");
});
