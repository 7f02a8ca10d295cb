/**
 * Coordinate systems that tests compare with GDAL's reading of them, in all the forms that GDAL writes.
 *
 * @module
 */
import { runPython } from "../gdal.ts";

/** What GDAL's `SetFromUserInput` takes: EPSG's and Esri's codes, PROJ strings. */
export const SYSTEMS: readonly string[] = [
  // Geographic: degrees, other datums, grads from Paris, three dimensions.
  ...["EPSG:4326", "EPSG:4258", "EPSG:4269", "EPSG:4267", "EPSG:4674", "EPSG:4283", "EPSG:7844", "EPSG:4807"],
  ...["EPSG:4314", "EPSG:4277", "EPSG:4230", "EPSG:4617", "EPSG:4612", "EPSG:6668", "EPSG:4979"],
  // UTM and other transverse Mercators, in metres and feet, deprecated ones, one that faces south.
  ...["EPSG:32633", "EPSG:32733", "EPSG:25832", "EPSG:26913", "EPSG:26713", "EPSG:31985", "EPSG:23032"],
  ...[
    "EPSG:31467",
    "EPSG:27700",
    "EPSG:2193",
    "EPSG:2326",
    "EPSG:2039",
    "EPSG:2180",
    "EPSG:3006",
    "EPSG:28992",
  ],
  ...[
    "EPSG:2263",
    "EPSG:2234",
    "EPSG:2222",
    "EPSG:3734",
    "EPSG:32111",
    "EPSG:2053",
    "EPSG:22234",
    "EPSG:27200",
  ],
  // Conics, equal areas, polar and oblique ones.
  ...[
    "EPSG:2154",
    "EPSG:3035",
    "EPSG:3034",
    "EPSG:5070",
    "EPSG:3577",
    "EPSG:3978",
    "EPSG:3347",
    "EPSG:27572",
  ],
  ...[
    "EPSG:3413",
    "EPSG:3031",
    "EPSG:32661",
    "EPSG:32761",
    "EPSG:3995",
    "EPSG:3976",
    "EPSG:6931",
    "EPSG:6933",
  ],
  ...[
    "EPSG:3857",
    "EPSG:3395",
    "EPSG:3832",
    "EPSG:4087",
    "EPSG:2056",
    "EPSG:21781",
    "EPSG:29702",
  ],
  ...[
    "EPSG:3375",
    "EPSG:3168",
    "EPSG:29873",
    "EPSG:31370",
    "EPSG:3812",
    "EPSG:24200",
    "EPSG:3068",
    "EPSG:5514",
  ],
  ...[
    "EPSG:2065",
    "EPSG:23700",
    "EPSG:2100",
    "EPSG:5880",
    "EPSG:3078",
    "EPSG:6543",
    "EPSG:2955",
    "EPSG:3785",
  ],
  // Esri's codes, which no key can hold.
  ...["ESRI:54009", "ESRI:54012", "ESRI:54030", "ESRI:54008", "ESRI:54034", "ESRI:54032", "ESRI:54003"],
  ...[
    "ESRI:102001",
    "ESRI:102003",
    "ESRI:102008",
    "ESRI:102010",
    "ESRI:102017",
    "ESRI:102018",
    "ESRI:102021",
  ],
  ...["ESRI:102100", "ESRI:102025", "ESRI:102033", "ESRI:102039", "ESRI:103002", "ESRI:53001", "ESRI:54053"],
  // PROJ strings.
  ...[
    "+proj=longlat +datum=WGS84",
    "+proj=longlat +ellps=GRS80",
    "+proj=longlat +ellps=bessel +towgs84=0,0,0",
  ],
  ...[
    "+proj=longlat +a=6378273 +b=6356889.449",
    "+proj=longlat +R=6371000",
    "+proj=longlat +datum=WGS84 +pm=paris",
  ],
  ...[
    "+proj=utm +zone=33 +datum=WGS84",
    "+proj=utm +zone=33 +south +datum=WGS84",
    "+proj=utm +zone=33 +ellps=GRS80",
  ],
  ...[
    "+proj=utm +zone=33 +ellps=GRS80 +towgs84=0,0,0,0,0,0,0",
    "+proj=utm +zone=13 +datum=NAD83 +units=us-ft",
  ],
  "+proj=tmerc +lat_0=0 +lon_0=9 +k=1 +x_0=3500000 +y_0=0 +ellps=bessel +towgs84=598.1,73.7,418.2,0.202,0.045,-2.455,6.7",
  ...[
    "+proj=tmerc +lat_0=1 +lon_0=9 +k=0.9996 +x_0=500000 +datum=WGS84",
    "+proj=sinu +lon_0=0 +R=6371007.181",
  ],
  ...["+proj=laea +lat_0=45 +lon_0=-100 +R=6370997", "+proj=laea +lat_0=90 +lon_0=0 +datum=WGS84"],
  ...[
    "+proj=aea +lat_1=29.5 +lat_2=45.5 +lat_0=23 +lon_0=-96 +datum=NAD83",
    "+proj=aeqd +lat_0=50 +lon_0=8 +datum=WGS84",
  ],
  ...[
    "+proj=lcc +lat_1=33 +lat_2=45 +lat_0=39 +lon_0=-96 +datum=NAD83",
    "+proj=lcc +lat_1=49 +lat_0=49 +lon_0=0 +k_0=0.999 +ellps=GRS80",
  ],
  ...[
    "+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45 +datum=WGS84",
    "+proj=stere +lat_0=-90 +lon_0=0 +k=0.97 +datum=WGS84",
  ],
  ...[
    "+proj=stere +lat_0=47 +lon_0=19 +k=0.9999 +datum=WGS84",
    "+proj=sterea +lat_0=52 +lon_0=5 +k=0.9999 +ellps=bessel",
  ],
  ...[
    "+proj=merc +lon_0=110 +k=0.997 +datum=WGS84",
    "+proj=merc +lat_ts=30 +lon_0=10 +datum=WGS84",
    "+proj=eqc +lat_ts=30 +datum=WGS84",
  ],
  ...[
    "+proj=omerc +lat_0=4 +lonc=115 +alpha=53.3 +k=0.99984 +gamma=53.13 +ellps=evrstSS",
    "+proj=poly +lat_0=0 +lon_0=-54 +ellps=aust_SA",
  ],
  ...[
    "+proj=omerc +no_uoff +lat_0=4 +lonc=115 +alpha=53.3 +k=0.99984 +gamma=53.13 +ellps=evrstSS",
    "+proj=cass +lat_0=10 +lon_0=-61 +ellps=clrk80",
  ],
  ...[
    "+proj=mill +lon_0=5 +datum=WGS84",
    "+proj=robin +lon_0=5 +datum=WGS84",
    "+proj=vandg +lon_0=5 +R_A +datum=WGS84",
    "+proj=eqdc +lat_0=40 +lon_0=-96 +lat_1=20 +lat_2=60 +datum=WGS84",
  ],
  ...[
    "+proj=gnom +lat_0=50 +lon_0=8 +datum=WGS84",
    "+proj=ortho +lat_0=50 +lon_0=8 +datum=WGS84",
    "+proj=cea +lat_ts=30 +lon_0=5 +datum=WGS84",
  ],
  ...[
    "+proj=moll +lon_0=0 +datum=WGS84",
    "+proj=geos +h=35785831 +lon_0=0 +datum=WGS84",
    "+proj=krovak +ellps=bessel",
    "+proj=geocent +datum=WGS84",
  ],
  ...[
    "+proj=utm +zone=33 +datum=WGS84 +units=km",
    "+proj=tmerc +lon_0=10 +datum=WGS84 +to_meter=0.25",
    "+proj=utm +zone=33 +datum=WGS84 +pm=oslo",
  ],
  // Compound ones.
  ...["EPSG:5698", "EPSG:7415", "EPSG:4326+5773", "EPSG:32633+5773"],
];

/** One system in one form. */
export interface WrittenSystem {
  /** What it was made from. */
  readonly system: string;
  /** The form: `wkt1`, `wkt2`, `esri`, each also without its codes. */
  readonly form: string;
  /** Well-known text. */
  readonly wkt: string;
}

/** All of {@linkcode SYSTEMS} as well-known texts: WKT 1 and 2 as GDAL writes them, with and without codes, and Esri's. */
export async function writtenSystems(): Promise<WrittenSystem[]> {
  const script = `
import json, re, sys
from osgeo import osr
osr.UseExceptions()
found = []
for system in json.loads(sys.argv[1]):
    s = osr.SpatialReference()
    s.SetFromUserInput(system)
    for form, options in (("wkt1", ["FORMAT=WKT1_GDAL"]), ("wkt2", ["FORMAT=WKT2_2019"]), ("esri", ["FORMAT=WKT1_ESRI"])):
        try: wkt = s.ExportToWkt(options)
        except RuntimeError: continue
        if not wkt: continue
        found.append(dict(system=system, form=form, wkt=wkt))
        bare = re.sub(r',\\s*(AUTHORITY\\["[^"]*","[^"]*"\\]|ID\\["[^"]*",[^\\[\\]]*\\])', '', wkt)
        if bare != wkt: found.append(dict(system=system, form=form + " without codes", wkt=bare))
print(json.dumps(found))
`;
  return JSON.parse(await runPython(script, JSON.stringify(SYSTEMS))) as WrittenSystem[];
}
