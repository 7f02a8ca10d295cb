"""Puts RIOS_HOME on the path, and makes RIOS run with GDAL older than 3.7 by giving it what that lacks."""
import os
import sys

from osgeo import gdal, osr


class SpatialReference(osr.SpatialReference):
    """With the argument epsg, which RIOS uses and GDAL knows from 3.7 on only."""

    def __init__(self, *args, epsg=None, **kwargs):
        super().__init__(*args, **kwargs)
        if epsg is not None:
            self.ImportFromEPSG(epsg)


if int(gdal.VersionInfo()) < 3070000:
    osr.SpatialReference = SpatialReference
sys.path.insert(0, os.environ["RIOS_HOME"])
