import { CW_SUBPROC } from "../../core/kinds.ts";
import { tempFolder } from "../gdal.ts";
import { expectedNdvi } from "./apply_expected.ts";
import { assertSamePixels, example, makeRaster, readRaster, run } from "./apply_support.ts";

Deno.test("a confined worker reads an input whose path has commas in it", async () => {
  using folder = tempFolder();
  Deno.mkdirSync(folder.file("a,,b"));
  const [scene, out] = [folder.file("a,,b/sce,ne.tif"), folder.file("a,,b/ndvi.tif")];
  const image = makeRaster(scene, { width: 80, height: 70, bands: 4, nodata: 0 });
  await run({
    ...{ userFunction: example("ndvi.ts"), infiles: { img: scene }, outfiles: { ndvi: out } },
    concurrency: { computeWorkerKind: CW_SUBPROC, numComputeWorkers: 1 },
    controls: { outputNoData: NaN },
  });
  assertSamePixels((await readRaster(out)).pixels, expectedNdvi(image), "comma");
});
