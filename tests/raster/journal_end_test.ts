import { assertEquals } from "@std/assert";
import { crc32c } from "../../core/journal/crc32c.ts";
import { parseCreationOptions } from "../../raster/geotiff/creation_options.ts";
import { makeOutputLayout } from "../../raster/geotiff/output_layout.ts";
import { TileEncoder } from "../../raster/geotiff/tile_encoder.ts";
import { openOutputs } from "../../raster/journal/open_outputs.ts";
import { tempFolder } from "../gdal.ts";
import { filesIn } from "./apply_support.ts";

const SIDE = 256;

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
  const layout = makeOutputLayout(parseCreationOptions([]), { width: SIDE, height: SIDE, nodata: null });
  const failures: unknown[] = [];
  const outputs = await openOutputs(
    [{ name: "a", path, spec: { layout, geotransform: null, geoKeys: null } }],
    {
      runId: crypto.randomUUID(),
      inputs: [],
      blocks: { ncols: SIDE, nrows: SIDE, windowxsize: SIDE, windowysize: SIDE },
      facts: {},
      leftovers: "refuse",
      onRestored: () => {},
      onFailure: (error) => failures.push(error),
      onNotice: () => {},
    },
  );
  outputs.setFormats([{ block: 0, type: "uint8", bands: 1 }]);
  const block = { top: 0, left: 0, nrows: SIDE, ncols: SIDE };
  const { bytes, lengths } = new TileEncoder(layout, "uint8", 1).encode(new Uint8Array(SIDE * SIDE), block);
  const crcs = Uint32Array.of(crc32c(bytes));
  outputs.accept({ block: 0, outputs: [{ bytes, lengths, crcs }], args: undefined });
  await disk.begun;
  const committed = outputs.commit();
  disk.letGo();
  assertEquals((await committed).map(({ name }) => name), ["a"]);
  assertEquals([failures, filesIn(folder.path)], [[], ["a.tif"]]);
});
