/**
 * Aborts two sets of outputs in a process that can open no more files: one that is being written, and one whose second part
 * file could not be created. The folder to work in is the argument.
 *
 * @module
 */
import { parseCreationOptions } from "../../raster/geotiff/creation_options.ts";
import { makeOutputLayout } from "../../raster/geotiff/output_layout.ts";
import { OutputSet } from "../../raster/output/output_set.ts";

const layout = makeOutputLayout(parseCreationOptions([]), { width: 256, height: 256, nodata: null });

async function lock(...names: string[]): Promise<OutputSet> {
  return await OutputSet.lock(
    names.map((name) => ({
      ...{ name, path: `${Deno.args[0]}/${name}.tif` },
      spec: { layout, geotransform: null, geoKeys: null },
    })),
    { runId: crypto.randomUUID(), others: { read: [], written: [] } },
  );
}

function isFull(error: unknown): boolean {
  return error instanceof Error && /too many open files/i.test(`${error.message} ${error.cause}`);
}

/** Opens files until no more can be opened but `left`. */
function exhaust(left: number): void {
  const held: Deno.FsFile[] = [];
  try {
    while (true) held.push(Deno.openSync("/dev/null"));
  } catch (error) {
    if (!isFull(error)) throw error;
  }
  for (const file of held.slice(0, left)) file.close();
}

const written = await lock("a", "b");
written.createParts();
const begun = await lock("c", "d");
exhaust(1);
try {
  begun.createParts();
  throw new TypeError("files could still be opened");
} catch (error) {
  if (!isFull(error)) throw error;
}
begun.abort();
exhaust(0);
if (!written.isOwn()) throw new TypeError("the locks are not its own");
written.abort();
