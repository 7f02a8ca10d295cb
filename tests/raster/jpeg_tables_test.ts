import { assert, assertEquals } from "@std/assert";
import { loadJpegDecoder } from "../../raster/geotiff/codecs/jpeg.ts";
import { COMPRESSION, PHOTOMETRIC } from "../../raster/geotiff/tags.ts";
import { gdalMissing, gdalName, runPython, tempFolder } from "../gdal.ts";

const SIDE = 64;

/** Of each image its first tile, and the file's tables: of both kinds, of quantisation, of Huffman codes, none. */
const MAKE = `
import sys
from osgeo import gdal
import numpy as np
y, x = np.mgrid[0:64, 0:64]
pixels = ((np.sin(x / 9) + np.cos(y / 7)) * 55 + 120 + x * y % 7).astype("uint8")
for mode in range(4):
    path = f"{sys.argv[1]}/{mode}.tif"
    quality = 60 + 10 * mode
    options = ["COMPRESS=JPEG", "TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64", f"JPEG_QUALITY={quality}"]
    made = gdal.GetDriverByName("GTiff").Create(path, 64, 64, 1, options=options + [f"JPEGTABLESMODE={mode}"])
    made.GetRasterBand(1).WriteArray(pixels)
    made = None
    image = gdal.Open(path)
    band = image.GetRasterBand(1)
    offset, size = (int(band.GetMetadataItem(f"BLOCK_{what}_0_0", "TIFF")) for what in ("OFFSET", "SIZE"))
    with open(path, "rb") as file:
        file.seek(offset)
        tile = file.read(size)
    with open(f"{sys.argv[1]}/{mode}.tile", "wb") as file:
        file.write(tile)
    with open(f"{sys.argv[1]}/{mode}.tables", "wb") as file:
        file.write(bytes.fromhex(band.GetMetadataItem("JPEGTABLES", "TIFF") or ""))
`;

Deno.test({
  name: gdalName("tables of one JPEG tile, of either kind, are not for the next ones, which have the file's"),
  ignore: gdalMissing !== false,
  fn: async () => {
    using folder = tempFolder();
    await runPython(MAKE, folder.path);
    const bytes = (name: string) => Deno.readFileSync(folder.file(name));
    const tiles = [0, 1, 2, 3].map((mode) => bytes(`${mode}.tile`));
    const shape = { width: SIDE, rows: SIDE, maxRows: SIDE, samples: 1, byteLength: SIDE * SIDE };
    const load = () =>
      loadJpegDecoder({
        ...{ compression: COMPRESSION.JPEG, dataType: "uint8", photometric: PHOTOMETRIC.MINISBLACK },
        ...{ jpegTables: bytes("3.tables"), lercParameters: undefined, packed: undefined },
      });
    const alone = await Promise.all(tiles.map(async (tile) => (await load()).decode(tile, shape)));
    const [none, quants, huffmans, both] = [0, 1, 2, 3].map((mode) => bytes(`${mode}.tables`).length);
    assert(none === 0 && quants! > 0 && huffmans! > quants! && both! > huffmans!);
    const together = await load();
    for (const before of [0, 1, 2, 3]) {
      for (const after of [0, 1, 2, 3]) {
        together.decode(tiles[before]!, shape);
        assertEquals(together.decode(tiles[after]!, shape), alone[after], `${after} after ${before}`);
      }
    }
  },
});
