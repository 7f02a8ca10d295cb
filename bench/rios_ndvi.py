"""RIOS's side of the NDVI: the same function over the same blocks, timed from within.

Prints one JSON object: seconds, the wall time of apply(). Needs RIOS_HOME, a checkout of RIOS 2.0.9 or later, and
python3-gdal, python3-numpy and, for CW_THREADS, python3-cloudpickle. Overviews, statistics and histogram are left out,
since blockfleet makes none either.
"""
import argparse
import json
import time

import numpy

import rios_setup  # noqa: F401 - RIOS is found only after it
from rios import applier


def ndvi(info, inputs, outputs):
    red, nir = inputs.img.astype(numpy.float32)
    outputs.ndvi = ((nir - red) / (nir + red + numpy.float32(1e-6)))[None]


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("input")
    options.add_argument("output")
    options.add_argument("--kind", default="CW_NONE")
    options.add_argument("--workers", type=int, default=0)
    options.add_argument("--window", type=int, default=256)
    options.add_argument("--co", action="append", default=[])
    given = options.parse_args()

    infiles, outfiles = applier.FilenameAssociations(), applier.FilenameAssociations()
    infiles.img, outfiles.ndvi = given.input, given.output
    controls = applier.ApplierControls()
    controls.setOutputDriverName("GTiff")
    controls.setCreationOptions(given.co)
    controls.setWindowSize(given.window, given.window)
    controls.setOmitPyramids(True)
    controls.setOmitBasicStats(True)
    controls.setOmitHistogram(True)
    if given.workers > 0:
        # CW_THREADS of RIOS does not read in its compute workers, so that one read worker feeds them.
        controls.setConcurrencyStyle(
            applier.ConcurrencyStyle(
                numReadWorkers=1, numComputeWorkers=given.workers, computeWorkerKind=given.kind))
    start = time.perf_counter()
    applier.apply(ndvi, infiles, outfiles, controls=controls)
    print(json.dumps({"seconds": time.perf_counter() - start}))


main()
