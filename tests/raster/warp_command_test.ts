import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { ApplyOptions } from "../../raster/apply_options.ts";
import type { PixelGrid } from "../../raster/pixel_grid.ts";
import type { GeoTransform } from "../../raster/raster_info.ts";
import { warpAdvice, warpCommand } from "../../raster/warp_command.ts";
import { gdalMissing, gdalName, tempFolder } from "../gdal.ts";
import { makeRaster, readRaster, run } from "./apply_support.ts";

/** GeoKey directory of a projected system with an EPSG code (GeoTIFF 1.1, ProjectedCRSGeoKey 3072). */
function grid(geotransform: GeoTransform, epsg: number | null): PixelGrid {
  const geoKeys = epsg === null
    ? null
    : { directory: [1, 1, 0, 1, 3072, 0, 1, epsg], doubles: [], ascii: "" };
  return { geotransform, ncols: 100, nrows: 80, geoKeys };
}

const NORTH_UP: GeoTransform = [500_000, 30, 0, 5_300_000, 0, -30];
const SOUTH_UP: GeoTransform = [500_000, 30, 0, 5_297_600, 0, 30];
const EAST_LEFT: GeoTransform = [503_000, -30, 0, 5_300_000, 0, -30];
const SHIFTED: GeoTransform = [500_010, 30, 0, 5_300_000, 0, -30];
/** The new file. */
const WARPED = { into: "warped.tif" };
const EXTENT = "-te 500000 5297600 503000 5300000 -ts 100 80";

Deno.test("a raster is warped to a grid and its extent, with the coordinate system where it differs", () => {
  const onto = grid(NORTH_UP, 32633);
  assertEquals(
    warpCommand(onto, { name: "dir/b.tif", grid: grid(SHIFTED, 32633) }, WARPED),
    `gdalwarp ${EXTENT} 'dir/b.tif' warped.tif`,
  );
  assertEquals(
    warpCommand(onto, { name: "my 'b'.tif", grid: grid(SHIFTED, 32634) }, WARPED),
    `gdalwarp -t_srs EPSG:32633 ${EXTENT} 'my '\\''b'\\''.tif' warped.tif`,
  );
  assertEquals(
    warpCommand(onto, { name: "https://example.org/b.tif", grid: grid(SHIFTED, 32633) }, WARPED),
    `gdalwarp ${EXTENT} '/vsicurl/https://example.org/b.tif' warped.tif`,
  );
  assertEquals(
    warpCommand(onto, { name: "-b.tif", grid: grid(SHIFTED, 32633) }, WARPED),
    `gdalwarp ${EXTENT} './-b.tif' warped.tif`,
  );
});

Deno.test("no command is given for a grid that gdalwarp can't make, or a coordinate system that can't be named", () => {
  const named = { name: "b.tif", grid: grid(SHIFTED, 32633) };
  assertEquals(warpCommand(grid([500_000, 30, 1, 5_300_000, 0, -30], 32633), named, WARPED), undefined);
  assertEquals(warpCommand(grid([500_000, 30, 0, 5_300_000, 1, -30], 32633), named, WARPED), undefined);
  assertEquals(warpCommand(grid(SOUTH_UP, 32633), named, WARPED), undefined);
  assertEquals(warpCommand(grid(EAST_LEFT, 32633), named, WARPED), undefined);
  assertEquals(warpCommand(grid(NORTH_UP, null), named, WARPED), undefined);
  assertEquals(
    warpCommand(grid(NORTH_UP, 32633), { name: "b.tif", grid: grid(SHIFTED, null) }, WARPED),
    undefined,
  );
});

Deno.test("a system that no code says, or that contradicts its code, is taken from a file that lies in it", () => {
  const feet = { directory: [1, 1, 0, 2, 3072, 0, 1, 32633, 3076, 0, 1, 9002], doubles: [], ascii: "" };
  const onto: PixelGrid = { ...grid(NORTH_UP, null), geoKeys: feet };
  const named = { name: "b.tif", grid: grid(SHIFTED, 32633) };
  assertEquals(warpCommand(onto, named, WARPED), undefined);
  assertEquals(
    warpCommand(onto, named, { ...WARPED, file: "it's a.tif" }),
    `gdalwarp -t_srs "$(gdalsrsinfo -o wkt2_2019 'it'\\''s a.tif' | grep .)" ${EXTENT} 'b.tif' warped.tif`,
  );
  // GDAL takes all angles for degrees.
  const grads = {
    directory: [1, 1, 0, 3, 1024, 0, 1, 2, 2048, 0, 1, 4326, 2054, 0, 1, 9105],
    doubles: [],
    ascii: "",
  };
  assertEquals(warpCommand({ ...onto, geoKeys: grads }, named, { ...WARPED, file: "a.tif" }), undefined);
});

Deno.test("a grid that no file has is not to be warped, and a raster without a place is to be given one", () => {
  const southUp = { name: "referencePixgrid", isFile: false, grid: grid(SOUTH_UP, 32633) };
  const words = "Warp one of them to the grid of the other first";
  assertEquals(warpAdvice(southUp, { name: "b.tif", grid: grid(NORTH_UP, 32633) }), words);
  const placeless = { name: "b.tif", grid: grid([0, 1, 0, 0, 0, 1], null) };
  for (const other of [NORTH_UP, SOUTH_UP]) {
    const named = { name: "a.tif", grid: grid(other, 32633) };
    for (const advice of [warpAdvice(named, placeless), warpAdvice(placeless, named)]) {
      assertStringIncludes(advice, "'b.tif' does not say where it lies");
    }
  }
});

Deno.test("a raster without a system is to be given the other's, and another system's place is to be looked at", () => {
  const named = { name: "it's b.tif", grid: grid(NORTH_UP, null) };
  const other = { name: "a.tif", grid: grid(NORTH_UP, 32633) };
  const command = `gdal_edit.py -a_srs EPSG:32633 'it'\\''s b.tif'`;
  for (const advice of [warpAdvice(other, named), warpAdvice(named, other)]) {
    assertEquals(
      advice,
      `'it's b.tif' does not say its coordinate system: if it is the other's, say so first: ${command}`,
    );
  }
  assertStringIncludes(
    warpAdvice(other, { name: "c.tif", grid: grid(SHIFTED, 4326) }),
    "they must show one place: what the other does not cover becomes 0",
  );
});

/** What each case makes lie on two lattices: the geotransforms of the reference and of the other. */
const CASES: Readonly<Record<string, readonly [GeoTransform, GeoTransform]>> = {
  "a shifted raster": [NORTH_UP, SHIFTED],
  "a south-up reference": [SOUTH_UP, NORTH_UP],
  "a south-up raster": [NORTH_UP, SOUTH_UP],
  "an east-left reference": [EAST_LEFT, NORTH_UP],
  "two south-up rasters": [SOUTH_UP, [500_010, 30, 0, 5_297_600, 0, 30]],
  "a south-up and an east-left raster": [SOUTH_UP, EAST_LEFT],
};

for (const [what, geotransforms] of Object.entries(CASES)) {
  Deno.test({
    name: gdalName(`the advised commands, run as they are, lead to inputs that are accepted: ${what}`),
    ignore: gdalMissing !== false,
    fn: async () => {
      using folder = tempFolder();
      const paths = [folder.file("a.tif"), folder.file("it's b.tif")] as const;
      geotransforms.forEach((geotransform, index) => {
        makeRaster(paths[index]!, { width: 100, height: 80, geotransform, seed: index + 1 });
      });
      const said = await refusal(paths);
      const commands = said.slice(said.indexOf("gdalwarp -"));
      const { success, stderr } = await new Deno.Command("sh", {
        args: ["-ec", commands],
        cwd: folder.path,
        stdout: "null",
      }).output();
      assert(success, new TextDecoder().decode(stderr));
      const made = new Map(commands.split("; ").map((command) => madeBy(command)));
      const ready = paths.map((path) => made.has(path) ? folder.file(made.get(path)!) : path);
      await run(job(ready, folder.file("out.tif")));
      const out = await readRaster(folder.file("out.tif"));
      assertEquals(out.info.geotransform?.[5], -30);
    },
  });
}

/** The raster that a command takes, and the file that it makes. */
function madeBy(command: string): [source: string, made: string] {
  const [, source, made] = / '((?:[^']|'\\'')+)' (\S+)$/.exec(command)!;
  return [source!.replaceAll("'\\''", "'"), made!];
}

const copyFirst: ApplyOptions["userFunction"] = (_info, { a }, outputs) => {
  outputs.out = a;
};

function job([a, b]: readonly string[], out: string): ApplyOptions {
  return { userFunction: copyFirst, infiles: { a: a!, b: b! }, outfiles: { out } };
}

async function refusal(paths: readonly string[]): Promise<string> {
  try {
    await run(job(paths, `${paths[0]}.out`));
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("The rasters were accepted as they are");
}
