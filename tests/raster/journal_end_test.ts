import { assertEquals, assertRejects } from "@std/assert";
import { RasterError } from "../../core/errors.ts";
import { crc32c } from "../../core/journal/crc32c.ts";
import { parseCreationOptions } from "../../raster/geotiff/creation_options.ts";
import { makeOutputLayout } from "../../raster/geotiff/output_layout.ts";
import { TileEncoder } from "../../raster/geotiff/tile_encoder.ts";
import type { JournaledOutputs } from "../../raster/journal/journaled_outputs.ts";
import { openOutputs } from "../../raster/journal/open_outputs.ts";
import { lockPath } from "../../raster/output/output_lock.ts";
import { tempFolder } from "../gdal.ts";
import { filesIn } from "./apply_support.ts";

const SIDE = 256;
const LAYOUT = makeOutputLayout(parseCreationOptions([]), { width: SIDE, height: SIDE, nodata: null });

/** One output of one block, begun. */
async function openOne(path: string, onFailure: (error: unknown) => void): Promise<JournaledOutputs> {
  return await openOutputs(
    [{ name: "a", path, spec: { layout: LAYOUT, geotransform: null, geoKeys: null } }],
    {
      runId: crypto.randomUUID(),
      others: { read: [], written: [] },
      blocks: { ncols: SIDE, nrows: SIDE, windowxsize: SIDE, windowysize: SIDE },
      facts: {},
      leftovers: "refuse",
      onRestored: () => {},
      onFailure,
      onNotice: () => {},
    },
  );
}

/** A disk that takes its time: whoever waits for it waits until `letGo()`. */
class SlowDisk implements Disposable {
  readonly #begun = Promise.withResolvers<void>();
  readonly #gate = Promise.withResolvers<void>();
  readonly #sync = Deno.FsFile.prototype.syncData;

  constructor() {
    const sync = this.#sync;
    const begun = () => this.#begun.resolve();
    const gate = this.#gate.promise;
    Deno.FsFile.prototype.syncData = async function (this: Deno.FsFile): Promise<void> {
      begun();
      await gate;
      return await sync.call(this);
    };
  }

  /** Settles when somebody waits for it. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  letGo(): void {
    this.#gate.resolve();
  }

  [Symbol.dispose](): void {
    Deno.FsFile.prototype.syncData = this.#sync;
  }
}

Deno.test("a run that ends while its first second is still being synced completes its outputs after that", async () => {
  using folder = tempFolder();
  using disk = new SlowDisk();
  const path = folder.file("a.tif");
  const failures: unknown[] = [];
  const outputs = await openOne(path, (error) => failures.push(error));
  outputs.setFormats([{ block: 0, type: "uint8", bands: 1 }]);
  const block = { top: 0, left: 0, nrows: SIDE, ncols: SIDE };
  const { bytes, lengths } = new TileEncoder(LAYOUT, "uint8", 1).encode(new Uint8Array(SIDE * SIDE), block);
  const crcs = Uint32Array.of(crc32c(bytes));
  outputs.accept({ block: 0, outputs: [{ bytes, lengths, crcs }], args: undefined });
  await disk.begun;
  const committed = outputs.commit();
  disk.letGo();
  assertEquals((await committed).map(({ name }) => name), ["a"]);
  assertEquals([failures, filesIn(folder.path)], [[], ["a.tif"]]);
});

Deno.test("a failed run whose lock can't be read closes its files all the same, and touches none", async () => {
  using folder = tempFolder();
  const path = folder.file("a.tif");
  // The sanitizers see an open file and a timer that is left.
  const outputs = await openOne(path, () => {});
  Deno.removeSync(lockPath(path));
  Deno.mkdirSync(lockPath(path));
  await assertRejects(() => outputs.abandon(), RasterError, "its lock");
  assertEquals(await outputs.abandon(), undefined);
  assertEquals(filesIn(folder.path), ["a.tif.lock", "a.tif.part"]);
});
