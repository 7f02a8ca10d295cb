import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { ConfigError, LockedError, RasterError } from "../../core/errors.ts";
import type { OutputSummary } from "../../raster/apply_options.ts";
import { parseCreationOptions } from "../../raster/geotiff/creation_options.ts";
import { makeOutputLayout } from "../../raster/geotiff/output_layout.ts";
import { TileEncoder } from "../../raster/geotiff/tile_encoder.ts";
import { OutputLock } from "../../raster/output/output_lock.ts";
import { type LockOutputsOptions, OutputSet, type PlannedOutput } from "../../raster/output/output_set.ts";
import { partPath } from "../../raster/output/part_file.ts";
import { tempFolder } from "../gdal.ts";
import { randomPixels, seededRandom } from "./writer_pixels.ts";

const SIDE = 512;

const NONE = { read: [], written: [] };

function plan(name: string, path: string, options: string[] = []): PlannedOutput {
  const layout = makeOutputLayout(parseCreationOptions(options), { width: SIDE, height: SIDE, nodata: null });
  return { name, path, spec: { layout, geotransform: null, geoKeys: null } };
}

async function open(planned: PlannedOutput[], options: Partial<LockOutputsOptions> = {}): Promise<OutputSet> {
  const set = await OutputSet.lock(planned, { runId: crypto.randomUUID(), others: NONE, ...options });
  try {
    set.createParts(options.onNotice);
  } catch (error) {
    set.abort();
    throw error;
  }
  return set;
}

/** Gives all outputs their final names. */
function commit(set: OutputSet): OutputSummary[] {
  set.finish();
  const summaries = set.publish();
  set.release();
  return summaries;
}

/** Writes the one block of an output. */
function fill(set: OutputSet, name: string, options: string[] = []): void {
  const { spec } = plan(name, "", options);
  const encoder = new TileEncoder(spec.layout, "uint8", 1);
  const block = { top: 0, left: 0, nrows: SIDE, ncols: SIDE };
  const writer = set.writer(name);
  writer.setFormat("uint8", 1);
  writer.append(block, encoder.encode(randomPixels("uint8", SIDE * SIDE, seededRandom(1)), block));
}

function listing(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

Deno.test("outputs are under part names with locks until commit, and alone afterwards", async () => {
  using folder = tempFolder();
  Deno.writeTextFileSync(folder.file("b.tif"), "an older output");
  using set = await open([plan("a", folder.file("a.tif")), plan("b", folder.file("b.tif"))]);
  assertEquals(listing(folder.path), [
    ...["a.tif.lock", "a.tif.part", "b.tif", "b.tif.lock", "b.tif.part"],
  ]);
  fill(set, "a");
  fill(set, "b");
  assertEquals(Deno.readTextFileSync(folder.file("b.tif")), "an older output");
  const made = commit(set);
  assertEquals(listing(folder.path), ["a.tif", "b.tif"]);
  assertEquals(made.map(({ name, width, bands, type }) => ({ name, width, bands, type })), [
    { name: "a", width: SIDE, bands: 1, type: "uint8" },
    { name: "b", width: SIDE, bands: 1, type: "uint8" },
  ]);
  assertEquals(made[0]!.bytes, Deno.statSync(folder.file("a.tif")).size);
  set.abort();
  assertEquals(listing(folder.path), ["a.tif", "b.tif"]);
});

Deno.test("abort leaves nothing, at any time and any number of times", async () => {
  using folder = tempFolder();
  for (const filled of [[], ["a"], ["a", "b"]]) {
    const set = await open([plan("a", folder.file("a.tif")), plan("b", folder.file("b.tif"))]);
    for (const name of filled) fill(set, name);
    set.abort();
    set.abort();
    assertEquals(listing(folder.path), []);
  }
});

Deno.test("an output that is not complete is not put in place, nor are the others", async () => {
  using folder = tempFolder();
  {
    using set = await open([plan("a", folder.file("a.tif")), plan("b", folder.file("b.tif"))]);
    fill(set, "a");
    set.writer("b").setFormat("uint8", 1);
    assertThrows(() => commit(set), RasterError, "4 of 4 tiles were not written");
  }
  assertEquals(listing(folder.path), []);
});

Deno.test("a missing folder, a folder as output and a special file are refused with nothing left behind", async () => {
  using folder = tempFolder();
  Deno.mkdirSync(folder.file("sub"));
  Deno.writeTextFileSync(folder.file("plain"), "");
  Deno.symlinkSync(folder.file("nothing"), folder.file("dangling.tif"));
  const before = listing(folder.path);
  const cases: [string, string][] = [
    [folder.file("none/x.tif"), "does not exist; make it first"],
    [folder.file("plain/x.tif"), "is not a folder"],
    [folder.file("sub"), "it is a folder"],
    ["/dev/null", "not a regular file"],
    [folder.file("dangling.tif"), "symbolic link to nothing"],
  ];
  for (const [path, message] of cases) {
    await assertRejects(() => open([plan("a", folder.file("a.tif")), plan("x", path)]), RasterError, message);
    assertEquals(listing(folder.path), before);
  }
});

Deno.test("one file as two outputs, or as input and output, is refused however it is spelled", async () => {
  using folder = tempFolder();
  Deno.writeTextFileSync(folder.file("in.tif"), "input");
  Deno.linkSync(folder.file("in.tif"), folder.file("hard.tif"));
  Deno.symlinkSync(folder.file("in.tif"), folder.file("soft.tif"));
  Deno.symlinkSync(folder.path, folder.file("again"));
  const before = listing(folder.path);
  const read = [
    { what: "input img", path: folder.file("in.tif") },
    { what: "input web", path: "https://example.org/in.tif" },
  ];
  for (const path of ["in.tif", "./in.tif", "hard.tif", "soft.tif", "again/in.tif"]) {
    const error = await assertRejects(
      () => open([plan("x", `${folder.path}/${path}`)], { others: { read, written: [] } }),
      ConfigError,
    );
    assertMatch(error.message, /same file as input img/);
  }
  for (const path of ["a.tif", "again/a.tif", "./a.tif", "a.tif.part", "a.tif.lock", "a.tif.journal"]) {
    const two = [plan("one", folder.file("a.tif")), plan("two", `${folder.path}/${path}`)];
    await assertRejects(() => open(two), ConfigError, "same file as output one");
  }
  await assertRejects(() => open([plan("x", "https://example.org/x.tif")]), ConfigError, "not a local path");
  assertEquals(listing(folder.path), before);
});

Deno.test({
  name: "a file that a shell hands over, and that has no path of its own, may be one that is read",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    using folder = tempFolder();
    const path = folder.file("gone");
    using _open = Deno.openSync(path, { write: true, createNew: true });
    Deno.removeSync(path);
    const numbers = [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => `/proc/self/fd/${name}`);
    const handedOver = numbers.find((fd) => {
      try {
        return Deno.readLinkSync(fd) === `${path} (deleted)`;
      } catch {
        // The handle that the list itself was read by.
        return false;
      }
    });
    assert(handedOver);
    const read = [{ what: "the file of --args", path: handedOver! }];
    const outputs = await open([plan("a", folder.file("a.tif"))], { others: { read, written: [] } });
    outputs.abort();
    assertEquals(listing(folder.path), []);
  },
});

Deno.test("an output that is a symbolic link stays one, and its target is replaced", async () => {
  using folder = tempFolder();
  Deno.mkdirSync(folder.file("far"));
  Deno.writeTextFileSync(folder.file("far/real.tif"), "old");
  Deno.symlinkSync(folder.file("far/real.tif"), folder.file("link.tif"));
  using set = await open([plan("a", folder.file("link.tif"))]);
  fill(set, "a");
  commit(set);
  assert(Deno.lstatSync(folder.file("link.tif")).isSymlink);
  assert(Deno.statSync(folder.file("far/real.tif")).size > 100);
  assertEquals(listing(folder.file("far")), ["real.tif"]);
});

Deno.test("a part file that a dead run left is removed, and said so", async () => {
  using folder = tempFolder();
  Deno.writeTextFileSync(partPath(folder.file("a.tif")), "left over");
  const notices: string[] = [];
  using set = await open([plan("a", folder.file("a.tif"))], { onNotice: (line) => notices.push(line) });
  assertEquals(notices.length, 1);
  assertMatch(notices[0]!, /Removed '.*a\.tif\.part'/);
  set.abort();
  assertEquals(listing(folder.path), []);
});

Deno.test("an output that another run holds is refused, and what was taken before it is given back", async () => {
  using folder = tempFolder();
  using _held = await OutputLock.acquire(folder.file("b.tif"), { runId: "theirs" });
  await assertRejects(
    () => open([plan("a", folder.file("a.tif")), plan("b", folder.file("b.tif"))]),
    LockedError,
    "theirs",
  );
  assertEquals(listing(folder.path), ["b.tif.lock"]);
});

Deno.test("a run whose lock was taken over writes nothing more and leaves the other's files alone", async () => {
  using folder = tempFolder();
  const old = await open([plan("a", folder.file("a.tif"))]);
  fill(old, "a");
  const fresh = await open([plan("a", folder.file("a.tif"))], { takeOver: true });
  assertThrows(() => commit(old), LockedError, "no longer this run's");
  old.abort();
  assertEquals(listing(folder.path), ["a.tif.lock", "a.tif.part"]);
  fill(fresh, "a");
  commit(fresh);
  assertEquals(listing(folder.path), ["a.tif"]);
});

Deno.test("a rename that fails half-way says what is in place, and keeps what is complete", async () => {
  using folder = tempFolder();
  using set = await open([plan("a", folder.file("a.tif")), plan("b", folder.file("b.tif"))]);
  fill(set, "a");
  fill(set, "b");
  Deno.mkdirSync(folder.file("b.tif"));
  const error = assertThrows(() => commit(set), RasterError);
  assertMatch(
    error.message,
    /In place: '.*a\.tif'; complete, but still under their part names: '.*b\.tif\.part'/,
  );
  set.abort();
  assertEquals(listing(folder.path), ["a.tif", "b.tif", "b.tif.part"]);
  assertEquals(Deno.readFileSync(folder.file("b.tif.part")).slice(0, 4), new Uint8Array([73, 73, 42, 0]));
});

/** Why no small file system can be mounted here, or false. */
const mountMissing: string | false = await (async () => {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return "needs root on Linux, to mount a tiny tmpfs";
  using folder = tempFolder();
  if (!await mount(["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder.path])) {
    return "needs leave to mount a tmpfs";
  }
  await umount(folder.path);
  return false;
})();

async function mount(args: string[]): Promise<boolean> {
  const { success } = await new Deno.Command("mount", { args, stderr: "null" }).output();
  return success;
}

async function umount(path: string): Promise<void> {
  await new Deno.Command("umount", { args: [path] }).output();
}

const withReason = (name: string) => mountMissing === false ? name : `${name} (skipped: ${mountMissing})`;

Deno.test({
  name: withReason("a full disk is an error that says so, whenever it fills up, and leaves nothing behind"),
  ignore: mountMissing !== false,
}, async () => {
  using folder = tempFolder();
  const options = ["COMPRESS=NONE"];
  // With room for half of the tiles, for all but the last page, and for the lock alone.
  for (const kilobytes of [128, 260, 4]) {
    assert(await mount(["-t", "tmpfs", "-o", `size=${kilobytes}k`, "tmpfs", folder.path]));
    try {
      const path = folder.file("x.tif");
      const run = async () => {
        using set = await open([plan("x", path, options)]);
        fill(set, "x", options);
        commit(set);
      };
      const error = await assertRejects(run, RasterError);
      assertMatch(error.message, /^Cannot write '.*x\.tif': no space left on device/);
      assertEquals(listing(folder.path), []);
    } finally {
      await umount(folder.path);
    }
  }
});

Deno.test({
  name: withReason("a read-only folder is an error that says so"),
  ignore: mountMissing !== false,
}, async () => {
  using folder = tempFolder();
  assert(await mount(["-t", "tmpfs", "-o", "ro,size=64k", "tmpfs", folder.path]));
  try {
    const error = await assertRejects(() => open([plan("x", folder.file("x.tif"))]), RasterError);
    assertMatch(error.message, /^Cannot write '.*x\.tif': its file system is read-only/);
  } finally {
    await umount(folder.path);
  }
});

Deno.test({
  name: "at the limit of open files everything is removed all the same",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    using folder = tempFolder();
    const program = new URL("output_set_at_limit.ts", import.meta.url).href;
    // Deno itself takes some 30.
    const script = `ulimit -n 128 && exec "$0" run --no-lock -A "$1" "$2"`;
    const { success, stderr } = await new Deno.Command("sh", {
      args: ["-c", script, Deno.execPath(), program, folder.path],
      ...{ stdout: "null", stderr: "piped" },
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    assertEquals(listing(folder.path), []);
  },
});
