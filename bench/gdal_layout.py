"""GDAL's side of reading a layout: every block of all bands, one after another, into numpy arrays.

Arguments: FILE. Prints a JSON list of the CPU seconds of each reading, the first one cold.
"""
import json
import resource
import sys

from osgeo import gdal, gdal_array  # noqa: F401, ReadAsArray would load it in the first reading

gdal.UseExceptions()
READINGS = 4
WINDOW = 256


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def read_all(path):
    scene = gdal.Open(path)
    width, height = scene.RasterXSize, scene.RasterYSize
    for top in range(0, height, WINDOW):
        for left in range(0, width, WINDOW):
            scene.ReadAsArray(left, top, min(WINDOW, width - left), min(WINDOW, height - top))


readings = []
for _ in range(READINGS):
    start = cpu_seconds()
    read_all(sys.argv[1])
    readings.append(cpu_seconds() - start)
print(json.dumps(readings))
