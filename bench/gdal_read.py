"""GDAL's side of the reading: every block of all bands, one after another, into numpy arrays.

Arguments: FILE WINDOW. Prints one JSON object: seconds, from before the file is opened until the last block.
"""
import json
import sys
import time

from osgeo import gdal

gdal.UseExceptions()
path, window = sys.argv[1], int(sys.argv[2])
start = time.perf_counter()
scene = gdal.Open(path)
width, height = scene.RasterXSize, scene.RasterYSize
for top in range(0, height, window):
    for left in range(0, width, window):
        scene.ReadAsArray(left, top, min(window, width - left), min(window, height - top))
print(json.dumps({"seconds": time.perf_counter() - start}))
