import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { RasterError } from "../../core/errors.ts";
import {
  combineGrids,
  describeGrid,
  offsetOnLattice,
  type PixelGrid,
  pixelToWorld,
  requireOffset,
  subGrid,
  worldToPixel,
} from "../../raster/pixel_grid.ts";
import type { GeoTransform } from "../../raster/raster_info.ts";
import { GEOTRANSFORM, shifted, UTM_33N } from "./apply_support.ts";

const ROTATED: GeoTransform = [1000, 2, 0.5, 2000, 0.25, -4];

function grid(geotransform: GeoTransform, ncols = 100, nrows = 80): PixelGrid {
  return { geotransform, ncols, nrows, geoKeys: UTM_33N };
}

Deno.test("pixels lead to the world and back, also on a rotated grid", () => {
  for (const geotransform of [GEOTRANSFORM, ROTATED]) {
    for (const [col, row] of [[0, 0], [12.5, 7.25], [-3, 99]] as const) {
      const { x, y } = pixelToWorld(geotransform, col, row);
      const back = worldToPixel(geotransform, x, y);
      assertAlmostEquals(back.col, col, 1e-9);
      assertAlmostEquals(back.row, row, 1e-9);
    }
  }
  assertEquals(pixelToWorld(GEOTRANSFORM, 2, 3), { x: 500_060, y: 5_299_910 });
});

Deno.test("a part of a grid begins at its offset; no offset keeps the numbers to the last bit", () => {
  const odd: GeoTransform = [0.1, 0.3, 0, 0.7, 0, -0.3];
  assertEquals(subGrid(grid(odd), { col: 0, row: 0 }, 5, 6), grid(odd, 5, 6));
  assertEquals(subGrid(grid(GEOTRANSFORM), { col: -2, row: 3 }, 5, 6), grid(shifted(-2, 3), 5, 6));
  const { x, y } = pixelToWorld(ROTATED, 4, 5);
  assertEquals(subGrid(grid(ROTATED), { col: 4, row: 5 }, 1, 1).geotransform, [x, 2, 0.5, y, 0.25, -4]);
});

Deno.test("a grid on the same lattice has its offset in whole pixels, never minus zero", () => {
  assertEquals(offsetOnLattice(grid(GEOTRANSFORM), grid(shifted(-7, 12))), { col: -7, row: 12 });
  const none = offsetOnLattice(grid(GEOTRANSFORM), grid(GEOTRANSFORM, 3, 4));
  assert(!("differs" in none) && Object.is(none.col, 0) && Object.is(none.row, 0));
  const turned = subGrid(grid(ROTATED), { col: 4, row: -5 }, 3, 4);
  assertEquals(offsetOnLattice(grid(ROTATED), turned), { col: 4, row: -5 });
});

Deno.test("what is off by less than a hundredth of a pixel is on the lattice, what is off by more is not", () => {
  const by = (dx: number, dsize: number): GeoTransform => [500_000 + dx, 30 + dsize, 0, 5_300_000, 0, -30];
  assertEquals(offsetOnLattice(grid(GEOTRANSFORM), grid(by(0.29, 0))), { col: 0, row: 0 });
  assertEquals(offsetOnLattice(grid(GEOTRANSFORM), grid(by(0.31, 0))), { differs: "pixel alignments" });
  assertEquals(offsetOnLattice(grid(GEOTRANSFORM), grid(by(0, 0.0029))), { col: 0, row: 0 });
  assertEquals(offsetOnLattice(grid(GEOTRANSFORM), grid(by(0, 0.0031))), { differs: "pixel sizes" });
  // The same difference in pixel size matters more the larger the raster is.
  assertEquals(offsetOnLattice(grid(GEOTRANSFORM, 1000), grid(by(0, 0.0029))), { differs: "pixel sizes" });
});

Deno.test("coordinate systems, sizes and rotations that differ are told apart", () => {
  const base = grid(GEOTRANSFORM);
  assertEquals(offsetOnLattice(base, { ...base, geoKeys: null }), { differs: "coordinate systems" });
  assertEquals(offsetOnLattice(base, grid([500_000, 30, 1, 5_300_000, 1, -30])), { differs: "pixel sizes" });
  assertEquals(offsetOnLattice(base, grid([500_000, 30, 0, 5_300_000, 0, 30])), { differs: "pixel sizes" });
});

Deno.test("a refused grid is shown with the one it was compared to", async () => {
  const error = await assertRejects(
    () =>
      requireOffset({ name: "a.tif", grid: grid(GEOTRANSFORM) }, {
        ...{ name: "b.tif", grid: { ...grid(ROTATED, 3, 4), geoKeys: null } },
      }),
    RasterError,
  );
  assertEquals(
    error.message,
    "'b.tif' is not on the pixel grid of 'a.tif': their coordinate systems differ. 'a.tif' has 100 x 80 pixels of " +
      "(30, -30) from (500000, 5300000) in EPSG:32633; 'b.tif' has 3 x 4 pixels of (2, -4), rotation (0.5, 0.25) " +
      "from (1000, 2000) in none. 'b.tif' does not say its coordinate system: if it is the other's, say so first: " +
      "gdal_edit.py -a_srs EPSG:32633 'b.tif'",
  );
  assertEquals(
    describeGrid(grid(GEOTRANSFORM, 1, 2)),
    "1 x 2 pixels of (30, -30) from (500000, 5300000) in EPSG:32633",
  );
});

Deno.test("grids are combined to their intersection and union on the reference's lattice", async () => {
  const named = (name: string, geotransform: GeoTransform, ncols: number, nrows: number) => ({
    ...{ name, grid: grid(geotransform, ncols, nrows) },
  });
  const a = named("a", shifted(0, 0), 10, 20);
  const b = named("b", shifted(4, -5), 30, 10);
  assertEquals(await combineGrids(a, [a, b], { footprint: "intersection" }), grid(shifted(4, 0), 6, 5));
  assertEquals(await combineGrids(b, [a, b], { footprint: "union" }), grid(shifted(0, -5), 34, 25));
  assertEquals(await combineGrids(a, [b], { footprint: "intersection" }), b.grid);
  const touching = named("touching", shifted(10, 0), 5, 20);
  await assertRejects(
    () => combineGrids(a, [a, touching], { footprint: "intersection" }),
    RasterError,
    "no pixel in common",
  );
  assertEquals(await combineGrids(a, [a, touching], { footprint: "union" }), grid(shifted(0, 0), 15, 20));
});
