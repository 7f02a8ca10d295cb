import { assert, assertEquals, assertRejects } from "@std/assert";
import { CW_SUBPROC } from "../../core/kinds.ts";
import { WorkerError } from "../../core/errors.ts";
import { apply } from "../../raster/apply.ts";
import { tempFolder } from "../gdal.ts";
import { expectedNdvi } from "./apply_expected.ts";
import { assertSamePixels, example, makeRaster, readRaster, run } from "./apply_support.ts";

const SMALL_BLOCKS = { windowxsize: 48, windowysize: 32, windowExact: true };
const READING = { computeWorkerKind: CW_SUBPROC, numComputeWorkers: 1, numReadWorkers: 2 };

for (const threadsPerWorker of [1, 2]) {
  Deno.test(`read threads in a worker process feed its ${threadsPerWorker} computing thread(s)`, async () => {
    using folder = tempFolder();
    const [scene, out] = [folder.file("scene.tif"), folder.file("ndvi.tif")];
    const image = makeRaster(scene, { width: 301, height: 203, bands: 4, nodata: 0 });
    const { blocks, timings } = await run({
      ...{ userFunction: example("ndvi.ts"), infiles: { img: scene }, outfiles: { ndvi: out } },
      concurrency: { ...READING, threadsPerWorker },
      controls: { ...SMALL_BLOCKS, outputNoData: NaN },
    });
    assertEquals([blocks.done, blocks.retried], [49, 0]);
    assertSamePixels((await readRaster(out)).pixels, expectedNdvi(image), "read threads");
    const statistics = timings.statistics();
    assertEquals(statistics.get("reading")?.count, 49);
    assert(statistics.has("insert_readbuffer"), "threads of their own have read");
  });
}

Deno.test("an input that can't be read in a read thread of a worker is that block's error", async () => {
  using folder = tempFolder();
  const [scene, out] = [folder.file("scene.tif"), folder.file("ndvi.tif")];
  const options = ["BLOCKXSIZE=64", "BLOCKYSIZE=32", "COMPRESS=DEFLATE"];
  makeRaster(scene, { width: 301, height: 203, bands: 4, nodata: 0, options });
  // Its directory can be read; in the middle, where its pixels are, some are not what they were.
  const bytes = Deno.readFileSync(scene);
  bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 20_000);
  Deno.writeFileSync(scene, bytes);
  const error = await assertRejects(
    () =>
      apply({
        ...{ userFunction: example("ndvi.ts"), infiles: { img: scene }, outfiles: { ndvi: out } },
        ...{ concurrency: READING, controls: SMALL_BLOCKS, onNotice: () => {} },
      }),
    WorkerError,
  );
  assert(/block \(\d+, \d+\) .*on worker 0: Tile .*scene\.tif'/.test(error.message), error.message);
});

Deno.test("a worker with read threads that is told to end hands back what is being read, and no block is lost", async () => {
  using folder = tempFolder();
  const [scene, out] = [folder.file("scene.tif"), folder.file("copy.tif")];
  const image = makeRaster(scene, { width: 301, height: 203 });
  const marker = folder.file("told");
  const { blocks, workers, notices } = await run({
    userFunction(info, { img }, outputs, { marker }) {
      const isTold = [...Deno.readDirSync(marker.replace(/told$/, ""))].some(({ name }) => name === "told");
      if (info.getBlockCount()[0] === 2 && !isTold) {
        Deno.writeTextFileSync(marker, "");
        Deno.kill(Deno.pid, "SIGTERM");
      }
      outputs.copy = img;
    },
    ...{ infiles: { img: scene }, outfiles: { copy: out }, otherArgs: { marker }, controls: SMALL_BLOCKS },
    concurrency: { ...READING, workerPermissions: ["--allow-all"] },
  });
  assertEquals([blocks.done, workers.lost, workers.started], [49, 0, 2]);
  assert(notices.some((line) => line.includes("was asked to end")), notices.join("; "));
  assertSamePixels((await readRaster(out)).pixels, image.pixels, "copy");
});
