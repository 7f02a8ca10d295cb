"""Makes a raster of three bands in every layout: waves with a little noise, as bytes, integers and floating point numbers.

Arguments: FOLDER SIDE quick|full. Prints a JSON list of the names; the files are FOLDER/layouts/NAME.tif.
"""
import itertools
import json
import os
import sys

import numpy
from osgeo import gdal

gdal.UseExceptions()
folder, side, extent = os.path.join(sys.argv[1], "layouts"), int(sys.argv[2]), sys.argv[3]
os.makedirs(folder, exist_ok=True)
TYPES = {"uint8": gdal.GDT_Byte, "uint16": gdal.GDT_UInt16, "float32": gdal.GDT_Float32, "float64": gdal.GDT_Float64}
CODECS = ["NONE", "PACKBITS", "LZW", "DEFLATE", "ZSTD", "LERC", "LERC_DEFLATE", "LERC_ZSTD", "JPEG"]
rng = numpy.random.default_rng(1)
names = []


def scene(dtype, width, height, bands):
    y, x = numpy.mgrid[0:height, 0:width]
    pixels = numpy.stack([(numpy.sin(x / 90 + band) + numpy.cos(y / 70)) * 55 + 120 for band in range(bands)])
    pixels = numpy.round(pixels) + rng.integers(0, 4, pixels.shape)
    if dtype == "uint16":
        return (pixels * 40 + rng.integers(0, 16, pixels.shape)).astype(dtype)
    return pixels.astype(dtype) if dtype == "uint8" else (pixels / 255).astype(dtype)


def save(name, pixels, dtype, options):
    path = os.path.join(folder, name + ".tif")
    names.append(name)
    if os.path.exists(path):
        return
    bands, height, width = pixels.shape
    image = gdal.GetDriverByName("GTiff").Create(path, width, height, bands, TYPES[dtype], options)
    for band in range(bands):
        image.GetRasterBand(band + 1).WriteArray(pixels[band])


def predictors(codec, dtype):
    if codec not in ("LZW", "DEFLATE", "ZSTD"):
        return [1]
    return [1, 2, 3] if dtype.startswith("float") else [1, 2]


for dtype in ["uint8", "float32"] if extent == "quick" else TYPES:
    pixels = scene(dtype, side, side, 3)
    for codec, tiled, interleave in itertools.product(CODECS, (True, False), ("PIXEL", "BAND")):
        if codec == "JPEG" and dtype != "uint8":
            continue
        if extent == "quick" and tiled == (interleave == "BAND"):
            continue
        for predictor in predictors(codec, dtype):
            options = ["COMPRESS=" + codec, "INTERLEAVE=" + interleave, "TILED=" + ("YES" if tiled else "NO")]
            suffix = "" if predictor == 1 else f"_predictor{predictor}"
            if predictor > 1:
                options.append(f"PREDICTOR={predictor}")
            name = f"{codec}{suffix}_{dtype}_{'tiles' if tiled else 'strips'}_{interleave}"
            save(name, pixels, dtype, options)
            if codec == "JPEG" and interleave == "PIXEL":
                save("YCBCR_" + name, pixels, dtype, options + ["PHOTOMETRIC=YCBCR"])
if extent == "full":
    # Layouts that were cliffs: a row of windows beyond any cache, one strip a plane, and tiles of many windows.
    wide = scene("uint16", 20000, 512, 6)
    save("DEFLATE_uint16_wide_strips_PIXEL", wide, "uint16", ["COMPRESS=DEFLATE", "INTERLEAVE=PIXEL"])
    bytes3 = scene("uint8", 4096, 4096, 3)
    for codec in ("DEFLATE", "LZW", "ZSTD", "LERC"):
        great = ["COMPRESS=" + codec, "INTERLEAVE=BAND"]
        save(f"{codec}_uint8_one_strip_BAND", bytes3, "uint8", great + ["BLOCKYSIZE=4096"])
        tiles = ["TILED=YES", "BLOCKXSIZE=2048", "BLOCKYSIZE=2048"]
        save(f"{codec}_uint8_great_tiles_BAND", bytes3, "uint8", great + tiles)
print(json.dumps(names))
