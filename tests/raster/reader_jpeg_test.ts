import { assertEquals, assertRejects } from "@std/assert";
import { RasterError } from "../../core/errors.ts";
import { GeoTiffReader } from "../../raster/geotiff/geotiff_reader.ts";
import { gdalMissing, gdalName, runPython, tempFolder } from "../gdal.ts";
import { MemorySource } from "./memory_source.ts";
import { buildTiff } from "./tiny_tiff.ts";

/** Python; argv: folder. JPEG in TIFF of many sizes, and JPEG files by themselves, each beside GDAL's pixels. Prints their names. */
const SCRIPT = `
import itertools, json, os, sys
import numpy
from osgeo import gdal
gdal.UseExceptions()
folder = sys.argv[1]
rng = numpy.random.default_rng(8)
made = []

def pixels(width, height, bands, noise):
    y, x = numpy.mgrid[0:height, 0:width]
    waves = numpy.stack([numpy.sin(x / 7 + b) * 90 + numpy.cos(y / (5 + b)) * 60 + 120 for b in range(bands)])
    return numpy.clip(waves + rng.integers(-noise, noise + 1, waves.shape), 0, 255).astype("uint8")

def keep(name, width, height, bands, **more):
    gdal.Open(os.path.join(folder, name)).ReadAsArray().tofile(os.path.join(folder, name + ".raw"))
    made.append(dict(name=name, width=width, height=height, bands=bands, **more))

def save(driver, name, width, height, bands, noise, options, **more):
    image = gdal.GetDriverByName("MEM").Create("", width, height, bands)
    data = pixels(width, height, bands, noise)
    for b in range(bands): image.GetRasterBand(b + 1).WriteArray(data[b])
    gdal.GetDriverByName(driver).CreateCopy(os.path.join(folder, name), image, options=options)
    keep(name, width, height, bands, **more)

for (width, height), quality, noise in itertools.product(
    [(1, 1), (3, 5), (5, 3), (8, 8), (9, 17), (16, 16), (17, 33), (31, 15), (100, 70)], (20, 75, 100), (0, 120)):
    for bands, photometric in [(1, None), (3, "RGB"), (3, "YCBCR")]:
        options = ["COMPRESS=JPEG", "JPEG_QUALITY=%d" % quality, "BLOCKYSIZE=%d" % (16 if height > 16 else height)]
        options += ["INTERLEAVE=PIXEL"] + (["PHOTOMETRIC=" + photometric] if photometric else [])
        save("GTiff", "%d.tif" % len(made), width, height, bands, noise, options, kind="tiff")
for bands in (1, 3):
    save("JPEG", "progressive%d.jpg" % bands, 70, 50, bands, 9, ["PROGRESSIVE=YES", "QUALITY=90"], kind="jpeg")
    save("JPEG", "baseline%d.jpg" % bands, 70, 50, bands, 9, ["QUALITY=90"], kind="jpeg")
print(json.dumps(made))
`;

interface Made {
  name: string;
  width: number;
  height: number;
  bands: number;
  kind: "tiff" | "jpeg";
}

/** A TIFF whose one strip is a JPEG file. */
function tiffOf(jpeg: Uint8Array, { width, height, bands }: Made): Uint8Array<ArrayBuffer> {
  return buildTiff({
    directories: [{
      fields: [
        [256, 4, [width]],
        [257, 4, [height]],
        [258, 3, Array(bands).fill(8)],
        [259, 3, [7]],
        [262, 3, [bands === 3 ? 6 : 1]],
        [277, 3, [bands]],
        [278, 4, [height]],
      ],
      chunks: [jpeg],
    }],
  });
}

function wholeOf({ width, height }: Made) {
  return { left: 0, top: 0, ncols: width, nrows: height };
}

Deno.test({
  name: gdalName("JPEG of any size, quality and colour space, baseline or progressive, has GDAL's pixels"),
  ignore: gdalMissing !== false,
  async fn() {
    using folder = tempFolder();
    const files = JSON.parse(await runPython(SCRIPT, folder.path)) as Made[];
    const different: string[] = [];
    for (const file of files) {
      const bytes = Deno.readFileSync(folder.file(file.name));
      const source = new MemorySource(file.kind === "tiff" ? bytes : tiffOf(bytes, file));
      await using reader = await GeoTiffReader.openSource(source);
      const pixels = await reader.readWindow(wholeOf(file));
      const raw = Deno.readFileSync(folder.file(`${file.name}.raw`));
      if (!raw.every((value, at) => value === pixels[at])) {
        different.push(`${file.name} ${JSON.stringify(file)}`);
      }
    }
    assertEquals(different, []);
  },
});

Deno.test({
  name: gdalName(
    "a JPEG tile with any byte changed is read or refused, and the next ones are read as before",
  ),
  ignore: gdalMissing !== false,
  async fn() {
    using folder = tempFolder();
    const files = JSON.parse(await runPython(SCRIPT, folder.path)) as Made[];
    const file = files.find(({ name }) => name === "baseline3.jpg")!;
    const jpeg = Deno.readFileSync(folder.file(file.name));
    const good = Deno.readFileSync(folder.file(`${file.name}.raw`));
    for (let at = 0; at < jpeg.length; at += 7) {
      const changed = jpeg.slice();
      changed[at]! ^= 0x40;
      for (const bytes of [changed, jpeg.subarray(0, at)]) {
        try {
          const source = new MemorySource(tiffOf(bytes, file));
          await using reader = await GeoTiffReader.openSource(source);
          await reader.readWindow(wholeOf(file));
        } catch (error) {
          await assertRejects(() => Promise.reject(error), RasterError);
        }
      }
    }
    await using reader = await GeoTiffReader.openSource(new MemorySource(tiffOf(jpeg, file)));
    assertEquals(await reader.readWindow(wholeOf(file)), good);
  },
});
