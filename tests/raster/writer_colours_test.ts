import { assertEquals } from "@std/assert";
import { ConfigError } from "../../core/errors.ts";
import type { DataType } from "../../raster/data_type.ts";
import type { OutputPixelFormat } from "../../raster/geotiff/big_tiff.ts";
import { parseCreationOptions } from "../../raster/geotiff/creation_options.ts";
import { readHeader } from "../../raster/geotiff/ifd.ts";
import { readImageDirectories } from "../../raster/geotiff/image_directories.ts";
import { checkFormat, makeOutputLayout } from "../../raster/geotiff/output_layout.ts";
import { TAG } from "../../raster/geotiff/tags.ts";
import { openByteSource } from "../../raster/source/byte_source.ts";
import { gdalMissing, gdalName, runPython, tempFolder } from "../gdal.ts";
import { randomPixels, seededRandom, writeImage } from "./writer_pixels.ts";

const MAKE = `
import sys, json
from osgeo import gdal
gdal.UseExceptions()
for path, bands, kind, options in json.loads(sys.argv[1]):
    gdal.GetDriverByName("GTiff").Create(path, 16, 16, bands, getattr(gdal, kind), options=options)
`;

const COLOURS = `
import sys, json
from osgeo import gdal
out = []
for path in sys.argv[1:]:
    opened = gdal.Open(path)
    bands = [opened.GetRasterBand(i + 1) for i in range(opened.RasterCount)]
    out.append([gdal.GetColorInterpretationName(band.GetColorInterpretation()) for band in bands])
print(json.dumps(out))
`;

const OPTIONS: readonly (readonly string[])[] = [
  ...[[], ["ALPHA=NO"], ["ALPHA=YES"], ["ALPHA=PREMULTIPLIED"], ["ALPHA=UNSPECIFIED"], ["PHOTOMETRIC=RGB"]],
  ...[["PHOTOMETRIC=RGB", "ALPHA=YES"], ["PHOTOMETRIC=MINISBLACK"], ["PHOTOMETRIC=MINISBLACK", "ALPHA=YES"]],
];

const TYPES: readonly (readonly [DataType, string])[] = [["uint8", "GDT_Byte"], ["uint16", "GDT_UInt16"]];

/** PhotometricInterpretation and ExtraSamples. */
async function colourTags(path: string): Promise<unknown[]> {
  await using source = await openByteSource(path);
  const { main } = await readImageDirectories(source, await readHeader(source));
  return [await main.numbers(TAG.PhotometricInterpretation), await main.numbers(TAG.ExtraSamples)];
}

/** Whether blockfleet takes the options; GDAL passes over those that do not suit the bands. */
function isSuitable(options: readonly string[], format: OutputPixelFormat): boolean {
  try {
    const shape = { width: 16, height: 16, nodata: null };
    checkFormat(makeOutputLayout(parseCreationOptions(options), shape), format.dataType, format.bands);
    return true;
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}

function write(
  path: string,
  bands: number,
  { dataType = "uint8" as DataType, options = [] as readonly string[] },
) {
  const pixels = randomPixels(dataType, 16 * 16 * bands, seededRandom(bands));
  writeImage(path, { width: 16, height: 16, bands, dataType, pixels, options });
}

Deno.test({
  name: gdalName("outputs say of their colours what GDAL's say, with every option and number of bands"),
  ignore: gdalMissing !== false,
  fn: async () => {
    using folder = tempFolder();
    const made: {
      name: string;
      bands: number;
      dataType: DataType;
      kind: string;
      options: readonly string[];
    }[] = [];
    for (const bands of [1, 2, 3, 4, 5]) {
      for (const [dataType, kind] of TYPES) {
        for (const options of OPTIONS) {
          if (!isSuitable(options, { dataType, bands })) continue;
          made.push({ name: `${made.length}.tif`, bands, dataType, kind, options });
        }
      }
    }
    assertEquals(made.length, 72);
    const byGdal = made.map((
      { name, bands, kind, options },
    ) => [folder.file(`gdal_${name}`), bands, kind, options]);
    await runPython(MAKE, JSON.stringify(byGdal));
    for (const { name, bands, dataType, options } of made) {
      write(folder.file(name), bands, { dataType, options });
      const label = `${bands} bands of ${dataType}, ${options.join(" ") || "no option"}`;
      assertEquals(await colourTags(folder.file(name)), await colourTags(folder.file(`gdal_${name}`)), label);
    }
  },
});

Deno.test({
  name: gdalName("GDAL shows three bands of bytes as colours, and four with alpha, without any option"),
  ignore: gdalMissing !== false,
  fn: async () => {
    using folder = tempFolder();
    const [rgb, rgba, grey, other] = ["rgb", "rgba", "grey", "other"].map((name) =>
      folder.file(`${name}.tif`)
    );
    write(rgb!, 3, {});
    write(rgba!, 4, {});
    write(grey!, 3, { options: ["PHOTOMETRIC=MINISBLACK"] });
    write(other!, 3, { dataType: "int8" });
    assertEquals(JSON.parse(await runPython(COLOURS, rgb!, rgba!, grey!, other!)), [
      ["Red", "Green", "Blue"],
      ["Red", "Green", "Blue", "Alpha"],
      ["Gray", "Undefined", "Undefined"],
      ["Gray", "Undefined", "Undefined"],
    ]);
  },
});
