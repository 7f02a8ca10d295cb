/**
 * Makes the files that the reader is compared with GDAL on: every combination that GDAL can write, one process for
 * all. Beside each `N.tif` lies `N.raw`, GDAL's own pixels (bands, rows, columns; little-endian).
 *
 * @module
 */

/** Python; argv: folder. Prints a JSON list of `{name, options, type, width, height, bands}`. */
export const MATRIX_SCRIPT = `
import itertools, json, os, sys
import numpy
from osgeo import gdal
gdal.UseExceptions()
folder = sys.argv[1]
rng = numpy.random.default_rng(1)
W, H = 93, 71
TYPES = [("uint8", gdal.GDT_Byte), ("int8", gdal.GDT_Byte), ("uint16", gdal.GDT_UInt16), ("int16", gdal.GDT_Int16),
  ("uint32", gdal.GDT_UInt32), ("int32", gdal.GDT_Int32), ("uint64", gdal.GDT_UInt64), ("int64", gdal.GDT_Int64),
  ("float32", gdal.GDT_Float32), ("float64", gdal.GDT_Float64)]
CODECS = [("NONE", [1]), ("LZW", [1, 2, 3]), ("DEFLATE", [1, 2, 3]), ("PACKBITS", [1]), ("ZSTD", [1, 2, 3]),
  ("JPEG", [1]), ("LERC", [1]), ("LERC_DEFLATE", [1]), ("LERC_ZSTD", [1])]
made = []

def pixels(dtype, bands):
    y, x = numpy.mgrid[0:H, 0:W]
    smooth = numpy.stack([(numpy.sin(x / 9 + b) + numpy.cos(y / 7)) * 40 + 100 for b in range(bands)])
    noise = rng.integers(0, 6, smooth.shape)
    a = smooth + noise
    if dtype.startswith("float"):
        a = (a * 1.37).astype(dtype)
        a[:, 5:9, 5:20] = numpy.nan
        a[0, 0, 0] = numpy.inf
        return a
    a = a.astype("int64")
    if dtype.startswith("int"): a -= 128
    a = a.astype(dtype)
    if dtype not in ("uint8", "int8"):
        info = numpy.iinfo(dtype)
        a[:, 30:40, 10:50] += dtype_high(dtype)
        a[0, 3, 3], a[0, 3, 4] = info.min, info.max
    return a

def dtype_high(dtype):
    return numpy.array(numpy.iinfo(dtype).max // 3, dtype=dtype)

def write(options, dtype, gtype, bands, data):
    name = "%04d" % len(made)
    path = os.path.join(folder, name + ".tif")
    if dtype == "int8": options = options + ["PIXELTYPE=SIGNEDBYTE"]
    ds = gdal.GetDriverByName("GTiff").Create(path, W, H, bands, gtype, options)
    for b in range(bands):
        buffer = data[b].tobytes()
        ds.GetRasterBand(b + 1).WriteRaster(0, 0, W, H, buffer)
    ds = None
    back = gdal.Open(path)
    raw = b"".join(bytes(back.GetRasterBand(b + 1).ReadRaster(0, 0, W, H)) for b in range(bands))
    open(os.path.join(folder, name + ".raw"), "wb").write(raw)
    made.append(dict(name=name, options=" ".join(options), type=dtype, width=W, height=H, bands=bands))

LAYOUTS = [["TILED=YES", "BLOCKXSIZE=32", "BLOCKYSIZE=16"], ["BLOCKYSIZE=9"], ["BLOCKYSIZE=71"]]
for (dtype, gtype), (codec, predictors) in itertools.product(TYPES, CODECS):
    if codec == "JPEG" and dtype != "uint8": continue
    if codec.startswith("LERC") and dtype in ("uint64", "int64"): continue
    for bands in (1, 3, 5):
        data = pixels(dtype, bands)
        for predictor, interleave, layout, endian in itertools.product(
            predictors, ("PIXEL", "BAND"), LAYOUTS, ("LITTLE", "BIG")):
            if predictor == 3 and not dtype.startswith("float"): continue
            if bands == 1 and interleave == "PIXEL": continue
            if layout == LAYOUTS[2] and (bands == 3 or endian == "BIG"): continue
            if codec == "JPEG" and interleave == "PIXEL" and bands == 5: continue
            if codec == "JPEG" and layout == LAYOUTS[1]: layout = ["BLOCKYSIZE=16"]
            options = ["COMPRESS=" + codec, "INTERLEAVE=" + interleave, "ENDIANNESS=" + endian] + layout
            if predictor != 1: options.append("PREDICTOR=%d" % predictor)
            options.append("BIGTIFF=" + ("YES" if len(made) % 2 else "NO"))
            # libtiff 4.5 can't read what it writes of interleaved bands with NaN here and there.
            masked = codec.startswith("LERC") and interleave == "PIXEL" and dtype.startswith("float")
            write(options, dtype, gtype, bands, numpy.nan_to_num(data, nan=5, posinf=9) if masked else data)
PACKED = [(n, "uint8", gdal.GDT_Byte) for n in (1, 2, 3, 4, 5, 6, 7)] + [(n, "uint16", gdal.GDT_UInt16) for n in (9, 12, 15)]
PACKED.append((16, "float32", gdal.GDT_Float32))
for (bits, dtype, gtype), codec, bands, interleave, layout, endian, predictor in itertools.product(PACKED,
    ("NONE", "DEFLATE", "LZW", "PACKBITS", "ZSTD"), (1, 3), ("PIXEL", "BAND"), LAYOUTS, ("LITTLE", "BIG"), (1, 2, 3)):
  if predictor != 1 and (bits != 16 or codec in ("NONE", "PACKBITS")): continue
  if bands == 1 and interleave == "PIXEL" or layout == LAYOUTS[2] and endian == "BIG": continue
  # GDAL 3.6 does not read back what it writes of these.
  if predictor == 3 and endian == "BIG": continue
  data = pixels(dtype, bands) if bits == 16 else rng.integers(0, 2**bits, (bands, H, W)).astype(dtype)
  options = ["NBITS=%d" % bits, "COMPRESS=" + codec, "INTERLEAVE=" + interleave, "ENDIANNESS=" + endian] + layout
  write(options + (["PREDICTOR=%d" % predictor] if predictor != 1 else []), dtype, gtype, bands, data)
for photometric, layout, quality in itertools.product(("YCBCR", "RGB"), LAYOUTS[:2], (50, 95)):
    if layout == LAYOUTS[1]: layout = ["BLOCKYSIZE=16"]
    write(["COMPRESS=JPEG", "INTERLEAVE=PIXEL", "PHOTOMETRIC=" + photometric, "JPEG_QUALITY=%d" % quality] + layout,
      "uint8", gdal.GDT_Byte, 3, pixels("uint8", 3))
for mode in (0, 1, 2, 3):
    write(["COMPRESS=JPEG", "JPEGTABLESMODE=%d" % mode, "TILED=YES", "BLOCKXSIZE=32", "BLOCKYSIZE=32"],
      "uint8", gdal.GDT_Byte, 1, pixels("uint8", 1))
write(["COMPRESS=LERC", "MAX_Z_ERROR=2", "TILED=YES", "BLOCKXSIZE=32", "BLOCKYSIZE=32"], "float32", gdal.GDT_Float32, 1,
  pixels("float32", 1))
write(["COMPRESS=DEFLATE", "PHOTOMETRIC=MINISWHITE"], "uint8", gdal.GDT_Byte, 1, pixels("uint8", 1))
write(["COMPRESS=DEFLATE", "PHOTOMETRIC=PALETTE"], "uint8", gdal.GDT_Byte, 1, pixels("uint8", 1))
write(["COMPRESS=DEFLATE", "PHOTOMETRIC=RGB", "ALPHA=YES"], "uint8", gdal.GDT_Byte, 4, pixels("uint8", 4))
write(["COMPRESS=LERC", "PHOTOMETRIC=RGB", "ALPHA=YES", "INTERLEAVE=PIXEL"], "uint8", gdal.GDT_Byte, 4, pixels("uint8", 4))
# An alpha band of nothing but 0 and 255 becomes LERC's mask.
rgba = pixels("uint8", 4)
rgba[3] = numpy.where(rgba[3] > 127, 255, 0)
for codec in ["LERC", "LERC_ZSTD"]:
  write(["COMPRESS=" + codec, "PHOTOMETRIC=RGB", "ALPHA=YES", "INTERLEAVE=PIXEL"], "uint8", gdal.GDT_Byte, 4, rgba)
print(json.dumps(made))
`;
