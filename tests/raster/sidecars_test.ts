import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { RasterInfo } from "../../raster/raster_info.ts";
import { gridCrsName } from "../../raster/grid_crs.ts";
import { readFileInfo } from "../../raster/sidecars/read_file_info.ts";
import { gdalMissing, gdalName, runPython, tempFolder } from "../gdal.ts";
import { GEOTRANSFORM, makeRaster, UTM_33N } from "./apply_support.ts";

type Folder = ReturnType<typeof tempFolder>;

/** Writes a raster without a place; other facts on demand. */
function placeless(
  folder: Folder,
  name = "a.tif",
  spec: Partial<Parameters<typeof makeRaster>[1]> = {},
): string {
  makeRaster(folder.file(name), { width: 4, height: 3, geotransform: null, geoKeys: null, ...spec });
  return folder.file(name);
}

function pam(folder: Folder, body: string, name = "a.tif.aux.xml"): void {
  Deno.writeTextFileSync(folder.file(name), `<PAMDataset>${body}</PAMDataset>`);
}

const WORLD = "10\n0\n0\n-10\n500005\n5999995\n";
const GT = "<GeoTransform> 5.0000e+05, 10, 0, 6.0e6, 0, -10</GeoTransform>";

/** What `info` tells of the files beside a raster. */
function besides(info: RasterInfo, folder: Folder): string[] {
  return info.sidecars.map(({ kind, location, gives }) =>
    `${kind} ${location.slice(folder.path.length + 1)}: ${gives.join()}`
  );
}

Deno.test("a world file places a raster that has no place, in GDAL's order and both cases of letters", async () => {
  const names: [raster: string, file: string][] = [
    ["a.tif", "a.tfw"],
    ["a.tif", "a.TFW"],
    ["a.tif", "a.tifw"],
    ["a.tif", "a.WLD"],
    ["a.tif", "A.Tfw"],
    ["a.b.tiff", "a.b.tfw"],
    ["a.tiff", "a.tiffw"],
    ["a.TIF", "a.tfw"],
    ["a", "a.wld"],
    ["a.img", "a.igw"],
  ];
  for (const [raster, file] of names) {
    using folder = tempFolder();
    const path = placeless(folder, raster);
    Deno.writeTextFileSync(folder.file(file), WORLD);
    const info = await readFileInfo(path);
    assertEquals(info.geotransform, [500_000, 10, 0, 6_000_000, 0, -10], file);
    assertEquals(besides(info, folder), [`worldFile ${file}: geotransform`]);
    assertEquals(info.unread, []);
  }
});

Deno.test("a place in the raster goes before a world file, and PAM goes before both", async () => {
  using folder = tempFolder();
  const path = placeless(folder, "a.tif", { geotransform: GEOTRANSFORM, geoKeys: UTM_33N, nodata: 7 });
  Deno.writeTextFileSync(folder.file("a.tfw"), WORLD);
  assertEquals((await readFileInfo(path)).geotransform, GEOTRANSFORM);
  pam(folder, "<SRS></SRS><PAMRasterBand band='1'><Description>red</Description></PAMRasterBand>");
  const some = await readFileInfo(path);
  assertEquals([some.geotransform, some.geoKeys, some.nodata], [GEOTRANSFORM, null, 7]);
  pam(folder, `${GT}<PAMRasterBand band="1"><NoDataValue>9</NoDataValue></PAMRasterBand>`);
  const info = await readFileInfo(path);
  assertEquals(info.geotransform, [500_000, 10, 0, 6_000_000, 0, -10]);
  assertEquals([info.geoKeys, info.nodata], [UTM_33N, 9]);
  assertEquals(besides(info, folder), ["pam a.tif.aux.xml: geotransform,nodata"]);
});

Deno.test("nodata values of bands are exact, and those that PAM does not tell are the raster's", async () => {
  using folder = tempFolder();
  const path = placeless(folder, "a.tif", { bands: 3, dataType: "float64", nodata: 7 });
  const band = (number: number, attributes: string, text: string) =>
    `<PAMRasterBand band="${number}"><NoDataValue${attributes}>${text}</NoDataValue></PAMRasterBand>`;
  pam(folder, band(2, ' le_hex_equiv="000000E0FFFFEFC7"', "-3.40282346638529E+38") + band(3, "", "nan"));
  assertEquals((await readFileInfo(path)).bandNodata, [7, -3.4028234663852886e38, NaN]);
  const large = placeless(folder, "b.tif", { dataType: "uint64" });
  pam(folder, band(1, "", "18446744073709551615"), "b.tif.aux.xml");
  assertEquals((await readFileInfo(large)).nodata, 18446744073709551615n);
});

Deno.test("a coordinate system that GeoTIFF has no keys for is kept as text and compared as text", async () => {
  using folder = tempFolder();
  const path = placeless(folder);
  const parameters = Array.from({ length: 90 }, (_, index) => `PARAMETER["number ${index}", ${index}]`)
    .join();
  const wkt = `PROJCS["Tilted", GEOGCS["None", DATUM["D", SPHEROID["S", 1, 0]], PRIMEM["P", 0], UNIT["u", 1]],
    PROJECTION["Rotated_pole_of_nobody"], ${parameters}, UNIT["m", 1]]`;
  pam(folder, `${GT}<SRS>${wkt.replaceAll('"', "&quot;")}</SRS>`);
  const info = await readFileInfo(path);
  assertEquals([info.geoKeys, info.wkt], [null, wkt]);
  assertEquals(gridCrsName({ geoKeys: null, wkt }), "user-defined (Tilted)");
});

Deno.test("what lies beside a raster and is not used is told", async () => {
  using folder = tempFolder();
  const path = placeless(folder, "a.tif", { bands: 2 });
  for (const name of ["a.tif.msk", "a.tif.OVR", "a.tab"]) Deno.writeTextFileSync(folder.file(name), "");
  pam(
    folder,
    `<GCPList Projection="EPSG:4326"><GCP Id="1" Pixel="0" Line="0" X="1" Y="2"/></GCPList>
     <PAMRasterBand band="2"><Scale>0.1</Scale><ColorTable><Entry c1="0"/></ColorTable>
     <Metadata><MDI key="STATISTICS_MEAN">3</MDI></Metadata></PAMRasterBand>`,
  );
  const info = await readFileInfo(path);
  assertEquals(besides(info, folder), [
    ...["pam a.tif.aux.xml: statistics", "overviews a.tif.OVR: ", "mask a.tif.msk: ", "tabFile a.tab: "],
  ]);
  assertEquals(info.unread.map(({ kind }) => kind), [
    ...["mask", "tabFile", "groundControlPoints", "scaleAndOffset", "colourTable"],
  ]);
  pam(
    folder,
    `<PAMRasterBand band="1"><Metadata><MDI key="STATISTICS_MEAN">3</MDI></Metadata></PAMRasterBand>`,
  );
  assertEquals((await readFileInfo(path)).sidecarsVersion, "");
});

Deno.test("damaged and hostile files beside a raster are passed over and named, whatever they hold", async () => {
  const bomb = `<!DOCTYPE b [<!ENTITY a "${
    "x".repeat(1000)
  }"><!ENTITY b "&a;&a;&a;">]><PAMDataset>&b;</PAMDataset>`;
  const damaged: Readonly<Record<string, string | Uint8Array>> = {
    "it has a DOCTYPE": bomb,
    "it is no PAMDataset": "<html><body>Log in</body></html>",
    "is not closed": `<PAMDataset>${GT}`,
    "one of its facts is longer than": `<PAMDataset><SRS>${
      "<!-- -->GEOGCS".repeat(20_000)
    }</SRS></PAMDataset>`,
    "nested elements": "<PAMDataset>" + "<a>".repeat(5000),
    "there is text outside": crypto.getRandomValues(new Uint8Array(1000)).map((byte) => byte | 0x80),
  };
  for (const [says, content] of Object.entries(damaged)) {
    using folder = tempFolder();
    const path = placeless(folder);
    Deno.writeFileSync(
      folder.file("a.tif.aux.xml"),
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
    const info = await readFileInfo(path);
    assertEquals([info.geotransform, info.unread.map(({ kind }) => kind)], [null, ["damagedSidecar"]], says);
    assertStringIncludes(info.unread[0]!.what, says);
    assert(info.unread[0]!.what.length < 400);
  }
});

Deno.test("world files that place nothing are named, and the next one counts", async () => {
  using folder = tempFolder();
  const path = placeless(folder);
  const useless = [
    "",
    "junk",
    "10 0 0 -10 5 6",
    "0\n0\n0\n0\n5\n6\n",
    "10\n0\n0\n-10\n5\n",
    "nan\n0\n0\n-10\n5\n6\n",
  ];
  for (const text of [...useless, "1".repeat(100_000), "\n".repeat(100_000) + WORLD]) {
    Deno.writeTextFileSync(folder.file("a.tfw"), text);
    Deno.writeTextFileSync(folder.file("a.wld"), WORLD);
    const info = await readFileInfo(path);
    assertEquals(info.geotransform, [500_000, 10, 0, 6_000_000, 0, -10]);
    assertEquals(info.unread.map(({ kind }) => kind), ["damagedSidecar"], text.slice(0, 20));
  }
});

Deno.test("a very long PAM document is read up to a bound, and what stands at its beginning counts", async () => {
  using folder = tempFolder();
  const path = placeless(folder);
  pam(folder, `${GT}<Metadata>${"<MDI key='a'>some words</MDI>".repeat(700_000)}</Metadata>`);
  const info = await readFileInfo(path);
  assertEquals(info.geotransform, [500_000, 10, 0, 6_000_000, 0, -10]);
  assertEquals(info.unread.map(({ kind }) => kind), ["longSidecar"]);
});

Deno.test("a folder, a FIFO or a link to nothing with a sidecar's name holds nobody up", async () => {
  using folder = tempFolder();
  const path = placeless(folder);
  Deno.mkdirSync(folder.file("a.tif.aux.xml"));
  Deno.symlinkSync(folder.file("nothing"), folder.file("a.tifw"));
  const { success } = await new Deno.Command("mkfifo", { args: [folder.file("a.tfw")] }).output();
  assert(success);
  Deno.writeTextFileSync(folder.file("a.wld"), WORLD);
  assertEquals((await readFileInfo(path)).geotransform, [500_000, 10, 0, 6_000_000, 0, -10]);
});

Deno.test("in a folder of more than a thousand files a world file is still found", async () => {
  using folder = tempFolder();
  const path = placeless(folder);
  const capital = placeless(folder, "B.TIF");
  for (let index = 0; index < 1010; index++) Deno.writeTextFileSync(folder.file(`${index}`), "");
  Deno.writeTextFileSync(folder.file("a.TFW"), WORLD);
  Deno.writeTextFileSync(folder.file("B.tfw"), WORLD);
  for (const one of [path, capital]) {
    assertEquals((await readFileInfo(one)).geotransform, [500_000, 10, 0, 6_000_000, 0, -10]);
  }
});

const POINTS =
  `<GCPList Projection="EPSG:4326"><GCP Id="1" Info="" Pixel="0" Line="0" X="1" Y="2"/></GCPList>`;

/** Files beside `a.tif`, by what they are to show; `own` is what the raster says itself. */
const BODIES: Readonly<Record<string, string>> = {
  "place, system and nodata":
    `${GT}<SRS>SYSTEM</SRS><PAMRasterBand band="1"><NoDataValue>9</NoDataValue></PAMRasterBand>`,
  "a system": "<SRS dataAxisToSRSAxisMapping='1,2'>SYSTEM</SRS>",
  "no system": "<SRS></SRS>",
  "nodata of the second band": `<PAMRasterBand band="2"><NoDataValue>5</NoDataValue></PAMRasterBand>`,
  "nodata in hexadecimal":
    `<PAMRasterBand band="1"><NoDataValue le_hex_equiv="000000E0FFFFEFC7">-3.4E+38</NoDataValue></PAMRasterBand>`,
  "an empty nodata value": `<PAMRasterBand band="1"><NoDataValue></NoDataValue></PAMRasterBand>`,
  "three numbers": "<GeoTransform>1,2,3</GeoTransform>",
  "GDAL's default place": "<GeoTransform>0,1,0,0,0,1</GeoTransform>",
  "two places": `<GeoTransform>1,2,0,3,0,-2</GeoTransform>${GT}`,
  "blanks for commas": "<GeoTransform>1 2 0 3 0 -2</GeoTransform>",
  "small letters": "<geotransform>1,2,0,3,0,-2</geotransform>",
  "CDATA": "<GeoTransform><![CDATA[1,2,0,3,0,-2]]></GeoTransform>",
  "names": `<PAMRasterBand band="1"><Description>red &amp; hot</Description></PAMRasterBand>`,
  "a fault": "<GeoTransform>1,2,0,3,0,-2</GeoTransform><a>",
  "ground control points": POINTS,
  "a place and ground control points": `${GT}${POINTS}`,
  "no ground control points": "<GCPList/>",
  "nothing": "",
};

/** World files' texts by what they are to show. */
const WORLDS: Readonly<Record<string, string>> = {
  "decimal commas": "10,0\n0,0\n0,0\n-10,5\n5\n6\n",
  "blank lines": "10\n\n  \n0\n0\n-10\n5\n6",
  "a rotation": "10\n1\n2\n-10\n5\n6\n",
  "Windows' lines": "10\r\n0\r\n0\r\n-10\r\n5\r\n6\r\n",
  "old Macs' lines": "10\r0\r0\r-10\r5\r6\r",
  "more lines": "10\n0\n0\n-10\n5\n6\n7\n8\n",
  "words behind numbers": "10 # x\n0\n0\n-10\n5\n6\n",
  "an exponent": "1e1\n0\n0\n-1D1\n5\n6\n",
  "all on one line": "10 0 0 -10 5 6",
  "five lines": "10\n0\n0\n-10\n5\n",
};

const GDAL_SEES = `
import sys, json, os
from osgeo import gdal
gdal.UseExceptions()
out = {}
for line in sys.argv[2:]:
    d = gdal.Open(line)
    srs = d.GetSpatialRef()
    bands = [d.GetRasterBand(i + 1) for i in range(d.RasterCount)]
    out[os.path.basename(line)] = [d.GetGeoTransform(can_return_null=True), srs and srs.GetAuthorityCode(None),
        [str(b.GetNoDataValue()) for b in bands], [b.GetDescription() for b in bands]]
print(json.dumps(out))
`;

const UTM_34N_WKT =
  `PROJCS["WGS 84 / UTM zone 34N",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,
298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],
UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]],PROJECTION["Transverse_Mercator"],
PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",21],PARAMETER["scale_factor",0.9996],
PARAMETER["false_easting",500000],PARAMETER["false_northing",0],UNIT["metre",1,AUTHORITY["EPSG","9001"]],
AXIS["Easting",EAST],AXIS["Northing",NORTH],AUTHORITY["EPSG","32634"]]`;

Deno.test({
  name: gdalName(
    "place, system, nodata values and names are what GDAL says, whatever lies beside the raster",
  ),
  ignore: gdalMissing !== false,
  fn: async () => {
    using folder = tempFolder();
    const paths = new Map<string, string>();
    const system = UTM_34N_WKT.replaceAll('"', "&quot;");
    const owns = {
      "placeless": { bands: 2, dataType: "float64" },
      "placed": { bands: 2, dataType: "float64", nodata: 7, geotransform: GEOTRANSFORM, geoKeys: UTM_33N },
    } as const;
    for (const [own, spec] of Object.entries(owns)) {
      for (const [what, body] of Object.entries(BODIES)) {
        const name = `${own} beside ${what}.tif`;
        paths.set(name, placeless(folder, name, spec));
        pam(folder, body.replace("SYSTEM", system), `${name}.aux.xml`);
      }
      for (const [what, text] of Object.entries(WORLDS)) {
        const name = `${own} beside a world file with ${what}.tif`;
        paths.set(name, placeless(folder, name, spec));
        Deno.writeTextFileSync(folder.file(name.replace(".tif", ".tfw")), text);
      }
    }
    const seen = JSON.parse(await runPython(GDAL_SEES, folder.path, ...paths.values()));
    for (const [name, path] of paths) {
      const info = await readFileInfo(path);
      const epsg = /^EPSG:(\d+)$/.exec(gridCrsName({ geoKeys: info.geoKeys }))?.[1] ?? null;
      const [geotransform, code, nodata, names] = seen[name];
      // With control points GDAL has no system but theirs.
      const shownEpsg = name.includes("and ground") || name.includes("beside ground") ? null : epsg;
      assertEquals([info.geotransform, shownEpsg, info.bandNames], [geotransform, code, names], name);
      assertEquals(
        info.bandNodata,
        nodata.map((text: string) => text === "None" ? null : Number(text)),
        name,
      );
    }
  },
});
