import { assert, assertEquals } from "@std/assert";
import { basename } from "@std/path";
import { run } from "./apply_support.ts";
import { BLOCKS, resumeScene } from "./resume_support.ts";

/** What was done to files since it was made, a line each: `rename run_a.tif.part`. */
class FileRecorder implements Disposable {
  readonly lines: string[] = [];
  readonly #before = { openSync: Deno.openSync, renameSync: Deno.renameSync, removeSync: Deno.removeSync };
  readonly #methods: Pick<Deno.FsFile, "writeSync" | "syncData" | "syncSync">;

  constructor() {
    const { lines } = this;
    const { openSync, renameSync, removeSync } = this.#before;
    const { writeSync, syncData, syncSync } = this.#methods = { ...pick(Deno.FsFile.prototype) };
    const names = new WeakMap<Deno.FsFile, string>();
    Deno.openSync = (path, options) => {
      const file = openSync(path, options);
      names.set(file, !options?.write ? "folder" : basename(String(path)));
      if (!options?.write) lines.push(`read ${basename(String(path))}`);
      return file;
    };
    Deno.renameSync = (from, to) => {
      lines.push(`rename ${basename(String(from))}`);
      renameSync(from, to);
    };
    Deno.removeSync = (path, options) => {
      removeSync(path, options);
      lines.push(`remove ${basename(String(path))}`);
    };
    Deno.FsFile.prototype.writeSync = function (bytes) {
      lines.push(`write ${names.get(this)}`);
      return writeSync.call(this, bytes);
    };
    Deno.FsFile.prototype.syncData = async function () {
      await syncData.call(this);
      lines.push(`sync ${names.get(this)}`);
    };
    Deno.FsFile.prototype.syncSync = function () {
      syncSync.call(this);
      lines.push(`sync ${names.get(this)}`);
    };
  }

  [Symbol.dispose](): void {
    Object.assign(Deno, this.#before);
    Object.assign(Deno.FsFile.prototype, this.#methods);
  }
}

function pick({ writeSync, syncData, syncSync }: Deno.FsFile) {
  return { writeSync, syncData, syncSync };
}

const PARTS = ["run_a.tif.part", "run_b.tif.part"];
const LOCKS = ["run_a.tif.lock", "run_b.tif.lock"];
const JOURNAL = "run_a.tif.journal";

/** The places of a line. */
function placesOf(lines: readonly string[], line: string): number[] {
  return lines.flatMap((one, index) => one === line ? [index] : []);
}

Deno.test("tiles are on the disk before the journal names them, and locks are read before tiles, syncs and renames", async () => {
  using scene = await resumeScene();
  // A block takes longer than a look at the locks holds for, and the run longer than a group of records is waited for.
  scene.slowDown(120);
  using recorder = new FileRecorder();
  await run(scene.job("run"));
  const lines = recorder.lines.filter((line) => line.includes("run_") || line.includes("folder"));
  const writes = placesOf(lines, `write ${JOURNAL}`);
  assert(writes.length >= 3, `the journal was written ${writes.length} times, its header included`);
  for (const [index, at] of writes.entries()) {
    const since = lines.slice(index === 0 ? 0 : writes[index - 1]! + 1, at);
    assertEquals(since.slice(-LOCKS.length), LOCKS.map((lock) => `read ${lock}`), `before write ${index}`);
    // The first one is the header, which names no tile.
    for (const part of index === 0 ? [] : PARTS) {
      assert(since.includes(`sync ${part}`), `${part} was not synced before write ${index} of the journal`);
    }
    assert(lines.indexOf(`sync ${JOURNAL}`, at) > 0, `write ${index} of the journal was not synced`);
  }
  const looks = placesOf(lines, `read ${LOCKS[0]}`).length;
  assert(looks >= BLOCKS, `the lock was read ${looks} times in ${BLOCKS} blocks`);
  for (const part of PARTS) {
    const [at, ...more] = placesOf(lines, `rename ${part}`);
    assertEquals([more, lines[at! - 1]], [[], `read ${part.replace("part", "lock")}`]);
  }
});

Deno.test("the end has its order: files, journal, renames, folder, and only then the journal and the locks go", async () => {
  using scene = await resumeScene();
  using recorder = new FileRecorder();
  await run(scene.job("run"));
  const { lines } = recorder;
  const renamed = lines.indexOf(`rename ${PARTS[1]}`);
  const places = [
    ...PARTS.map((part) => lines.lastIndexOf(`sync ${part}`)),
    lines.lastIndexOf(`sync ${JOURNAL}`),
    ...PARTS.map((part) => lines.indexOf(`rename ${part}`)),
    lines.indexOf("sync folder", renamed),
    lines.indexOf(`remove ${JOURNAL}`),
    ...LOCKS.map((lock) => lines.indexOf(`remove ${lock}`)),
  ];
  assert(!places.includes(-1), lines.join("\n"));
  assertEquals(places, places.toSorted((a, b) => a - b), lines.join("\n"));
});
