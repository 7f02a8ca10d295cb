import { assertEquals } from "@std/assert";
import type { PixelGrid } from "../../raster/pixel_grid.ts";
import type { GeoTransform } from "../../raster/raster_info.ts";
import { warpCommand } from "../../raster/warp_command.ts";

/** GeoKey directory of a projected system with an EPSG code (GeoTIFF 1.1, ProjectedCRSGeoKey 3072). */
function grid(geotransform: GeoTransform, epsg: number | null): PixelGrid {
  const geoKeys = epsg === null
    ? null
    : { directory: [1, 1, 0, 1, 3072, 0, 1, epsg], doubles: [], ascii: "" };
  return { geotransform, ncols: 100, nrows: 80, geoKeys };
}

const NORTH_UP: GeoTransform = [500_000, 30, 0, 5_300_000, 0, -30];
const SHIFTED: GeoTransform = [500_010, 30, 0, 5_300_000, 0, -30];
const EXTENT = "-te 500000 5297600 503000 5300000 -ts 100 80";

Deno.test("a raster is warped to a grid and its extent, with the coordinate system where it differs", () => {
  const onto = grid(NORTH_UP, 32633);
  assertEquals(
    warpCommand(onto, { name: "b.tif", grid: grid(SHIFTED, 32633) }),
    `gdalwarp ${EXTENT} 'b.tif' warped.tif`,
  );
  assertEquals(
    warpCommand(onto, { name: "my 'b'.tif", grid: grid(SHIFTED, 32634) }),
    `gdalwarp -t_srs EPSG:32633 ${EXTENT} 'my '\\''b'\\''.tif' warped.tif`,
  );
  const southUp = grid([500_000, 30, 0, 5_297_600, 0, 30], null);
  assertEquals(
    warpCommand(southUp, { name: "b.tif", grid: grid(SHIFTED, null) }),
    `gdalwarp ${EXTENT} 'b.tif' warped.tif`,
  );
});

Deno.test("no command is given for a rotated grid or a coordinate system that can't be named", () => {
  const named = { name: "b.tif", grid: grid(SHIFTED, 32633) };
  assertEquals(warpCommand(grid([500_000, 30, 1, 5_300_000, 0, -30], 32633), named), undefined);
  assertEquals(warpCommand(grid([500_000, 30, 0, 5_300_000, 1, -30], 32633), named), undefined);
  assertEquals(warpCommand(grid(NORTH_UP, null), named), undefined);
  assertEquals(
    warpCommand(grid(NORTH_UP, 32633), { name: "b.tif", grid: grid(SHIFTED, null) }),
    undefined,
  );
});
