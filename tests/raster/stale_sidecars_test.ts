import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { dirname } from "@std/path";
import { RasterError } from "../../core/errors.ts";
import type { ApplyOptions } from "../../raster/apply_options.ts";
import { gdalMissing, gdalName, runPython, tempFolder } from "../gdal.ts";
import { filesIn, makeRaster, run } from "./apply_support.ts";

const copy: ApplyOptions["userFunction"] = (_info, { img }, outputs) => {
  outputs.out = img;
};

const fail: ApplyOptions["userFunction"] = () => {
  throw new Error("no such luck");
};

/** Files that describe `out.tif`, as GDAL names them. */
const STALE = [
  ...[
    "out.TFW",
    "out.tfw",
    "out.tif.OVR",
    "out.tif.aux.xml",
    "out.tif.msk",
    "out.tif.msk.ovr",
    "out.tif.ovr",
  ],
  ...["out.tifw", "out.wld"],
];

/** A folder with an input, an older output, and files beside it; a job from the one to the other. */
function scene(beside: readonly string[] = STALE) {
  const folder = tempFolder();
  makeRaster(folder.file("in.tif"), { width: 40, height: 30 });
  Deno.writeTextFileSync(folder.file("out.tif"), "an older output");
  for (const name of beside) Deno.writeTextFileSync(folder.file(name), "stale");
  const job: ApplyOptions = {
    userFunction: copy,
    infiles: { img: folder.file("in.tif") },
    outfiles: { out: folder.file("out.tif") },
  };
  return { folder, job, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

/** From now on, until it is disposed of, no file of this name can be removed. */
function unremovable(name: string): Disposable {
  const removeSync = Deno.removeSync;
  Deno.removeSync = (path, options) => {
    if (String(path).endsWith(name)) throw new Deno.errors.PermissionDenied("not yours");
    removeSync(path, options);
  };
  return { [Symbol.dispose]: () => void (Deno.removeSync = removeSync) };
}

Deno.test("an output takes with it what described the file that it replaces, and says so", async () => {
  using made = scene();
  const { notices } = await run(made.job);
  assertEquals(filesIn(made.folder.path), ["in.tif", "out.tif"]);
  assertEquals(notices.filter((line) => line.startsWith("Removed")), [
    `Removed '${
      made.folder.file("out.tif.aux.xml")
    }' and 8 more such file(s), which described a raster that was replaced`,
  ]);
});

Deno.test("a run that fails leaves the old file as it was, with all that lies beside it", async () => {
  using made = scene();
  const before = filesIn(made.folder.path);
  await assertRejects(() => run({ ...made.job, userFunction: fail }));
  assertEquals(filesIn(made.folder.path), before);
  assertEquals(Deno.readTextFileSync(made.folder.file("out.tif")), "an older output");
});

Deno.test("a run that ended after the rename is finished by one that resumes it: what is left beside goes", async () => {
  using made = scene();
  {
    using _locked = unremovable("out.tif.msk");
    const error = await assertRejects(() => run(made.job), RasterError);
    assertStringIncludes(error.message, "'out.tif.msk'".replace("out", made.folder.file("out")));
    assertStringIncludes(error.message, `In place: '${made.folder.file("out.tif")}'`);
  }
  const { notices } = await run({ ...made.job, resume: true });
  assertEquals(filesIn(made.folder.path), ["in.tif", "out.tif"]);
  assertStringIncludes(notices.join("\n"), "Resuming run");
});

Deno.test("a file that the run itself reads or writes is no sidecar, by whatever link", async () => {
  using made = scene(["out.tif.aux.xml"]);
  const { folder } = made;
  makeRaster(folder.file("out.tif.msk"), { width: 40, height: 30, seed: 2 });
  makeRaster(folder.file("real.tif"), { width: 40, height: 30, seed: 3 });
  Deno.symlinkSync(folder.file("real.tif"), folder.file("out.wld"));
  await run({
    userFunction: (_info, { img }, outputs) => {
      outputs.out = img;
      outputs.ovr = img;
    },
    infiles: { img: folder.file("in.tif"), mask: folder.file("out.tif.msk"), real: folder.file("real.tif") },
    outfiles: { ovr: folder.file("out.tif.ovr"), out: folder.file("out.tif") },
  });
  assertEquals(filesIn(folder.path), [
    "in.tif",
    "out.tif",
    "out.tif.msk",
    "out.tif.ovr",
    "out.wld",
    "real.tif",
  ]);
});

Deno.test("an input with a sidecar's name stays when the user function changes the working folder", async () => {
  using made = scene([]);
  const { folder } = made;
  makeRaster(folder.file("out.tif.msk"), { width: 40, height: 30 });
  const before = Deno.cwd();
  Deno.chdir(folder.path);
  try {
    await run({
      userFunction: (_info, { mask }, outputs) => {
        Deno.chdir("/");
        outputs.out = mask;
      },
      infiles: { mask: "out.tif.msk" },
      outfiles: { out: "out.tif" },
    });
  } finally {
    Deno.chdir(before);
  }
  assertEquals(filesIn(folder.path), ["in.tif", "out.tif", "out.tif.msk"]);
});

Deno.test("a world file of another raster with the same stem stays", async () => {
  using made = scene(["out.tiff", "out.tfw", "out.tifw", "out.wld", "out.txt"]);
  await run(made.job);
  assertEquals(filesIn(made.folder.path), ["in.tif", "out.tfw", "out.tif", "out.tiff", "out.txt", "out.wld"]);
});

Deno.test("a world file stays that places an input of another extension, or a raster whose stem has other letters", async () => {
  using made = scene(["OUT.TIFF", "out.tfw"]);
  const { folder, job } = made;
  makeRaster(folder.file("out.dat"), { width: 40, height: 30, geotransform: null, geoKeys: null });
  Deno.writeTextFileSync(folder.file("out.wld"), "10\n0\n0\n-10\n5\n-5\n");
  Deno.writeTextFileSync(folder.file("out.tifw"), "stale");
  await run({ ...job, infiles: { img: folder.file("out.dat") } });
  assertEquals(filesIn(folder.path), ["OUT.TIFF", "in.tif", "out.dat", "out.tfw", "out.tif", "out.wld"]);
});

Deno.test("a folder that has a sidecar's name stays, and what lies beside a link goes as what lies beside the file", async () => {
  using made = scene(["out.tif.aux.xml"]);
  const { folder } = made;
  Deno.mkdirSync(folder.file("out.tif.ovr"));
  Deno.mkdirSync(folder.file("links"));
  Deno.symlinkSync(folder.file("out.tif"), folder.file("links/link.tif"));
  Deno.writeTextFileSync(folder.file("links/link.tif.aux.xml"), "stale");
  await run({ ...made.job, outfiles: { out: folder.file("links/link.tif") } });
  assertEquals(filesIn(folder.path), ["in.tif", "links", "out.tif", "out.tif.ovr"]);
  assertEquals(filesIn(folder.file("links")), ["link.tif"]);
});

const OLDER = `
import sys
from osgeo import gdal, osr
gdal.UseExceptions()
path, copy = sys.argv[1] + "/out.tif", sys.argv[1] + "/copy.tif"
for name in path, copy:
    d = gdal.GetDriverByName("GTiff").Create(name, 64, 64, 1, gdal.GDT_Byte)
    d.GetRasterBand(1).Fill(200)
    d = None
    d = gdal.Open(name)  # read-only: what follows goes beside it
    srs = osr.SpatialReference(); srs.ImportFromEPSG(3857)
    d.SetGeoTransform((1, 2, 0, 3, 0, -2)); d.SetSpatialRef(srs)
    d.GetRasterBand(1).SetNoDataValue(99); d.GetRasterBand(1).ComputeStatistics(False)
    d.BuildOverviews("NEAREST", [2, 4])
    d = None
`;

const SEEN = `
import sys, json, os
from osgeo import gdal
gdal.UseExceptions()
def seen(name):
    d = gdal.Open(name); b = d.GetRasterBand(1)
    return [os.path.basename(f)[-8:] for f in d.GetFileList()][1:], d.GetGeoTransform(), b.GetNoDataValue(), \\
        b.GetOverviewCount(), b.GetMetadata(), d.GetSpatialRef().GetAuthorityCode(None), int(b.Checksum())
gdal.Translate(sys.argv[1] + "/copy.tif", sys.argv[1] + "/in.tif", noData=0)
print(json.dumps([seen(sys.argv[1] + "/out.tif"), seen(sys.argv[1] + "/copy.tif")]))
`;

Deno.test({
  name: gdalName("GDAL sees of a new output over an old one what it sees of its own copy over an old one"),
  ignore: gdalMissing !== false,
  fn: async () => {
    using made = scene([]);
    const folder = dirname(made.folder.file("x"));
    await runPython(OLDER, folder);
    await run(made.job);
    const [ours, theirs] = JSON.parse(await runPython(SEEN, folder));
    assertEquals(ours, theirs);
  },
});
