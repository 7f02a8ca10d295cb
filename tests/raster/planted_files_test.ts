import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { LockedError, RasterError } from "../../core/errors.ts";
import { journalPath } from "../../raster/output/journal_path.ts";
import { lockPath, OutputLock } from "../../raster/output/output_lock.ts";
import { PartFile, partPath } from "../../raster/output/part_file.ts";
import { tempFolder } from "../gdal.ts";
import { run } from "./apply_support.ts";
import { resumeScene } from "./resume_support.ts";

/** A user's file, longer than the job's outputs. */
const PRECIOUS = "precious\n".repeat(100_000);

/** What somebody who may write to the folder can put in the place of a file of ours, and how the refusal calls it. */
const PLANTED: readonly [name: string, plant: (path: string, victim: string) => void, says: RegExp][] = [
  ["a link to a file", (path, victim) => Deno.symlinkSync(victim, path), /symbolic link/],
  ["a link to nothing", (path) => Deno.symlinkSync("/nowhere/at/all", path), /symbolic link/],
  ["a second name of a file", (path, victim) => Deno.linkSync(victim, path), /second name/],
  ["a named pipe", (path) => makePipe(path), /named pipe/],
  ["a folder", (path) => Deno.mkdirSync(path), /folder/],
];

function makePipe(path: string): void {
  const { success } = new Deno.Command("mkfifo", { args: [path] }).outputSync();
  assert(success);
}

for (const [name, plant, says] of PLANTED) {
  Deno.test(`--resume leaves ${name} alone that stands at the part file's or the journal's place`, async () => {
    using scene = await resumeScene();
    const victim = scene.file("victim.txt");
    Deno.writeTextFileSync(victim, PRECIOUS);
    await scene.fail(8, scene.job("run"));
    for (const path of [partPath(scene.file("run_a.tif")), journalPath(scene.file("run_a.tif"))]) {
      const kept = scene.file("kept");
      Deno.renameSync(path, kept);
      plant(path, victim);
      const error = await assertRejects(() => run(scene.job("run", { resume: true })), RasterError);
      // A journal is only read before all else is settled, and reading through a second name does no harm.
      assertMatch(error.message, says.test("second name") && path.endsWith(".journal") ? /./ : says);
      assertEquals(Deno.readTextFileSync(victim), PRECIOUS);
      Deno.removeSync(path, { recursive: true });
      Deno.renameSync(kept, path);
    }
    await run(scene.job("run", { resume: true }));
    await scene.assertSame("run");
  });

  Deno.test(`${name} at a lock's place is refused at once, and stays`, async () => {
    using folder = tempFolder();
    const output = folder.file("a.tif");
    const victim = folder.file("victim.txt");
    Deno.writeTextFileSync(victim, PRECIOUS);
    plant(lockPath(output), victim);
    const before = Deno.lstatSync(lockPath(output)).ino;
    const acquiring = () => OutputLock.acquire(output, { runId: "mine", takeOver: true });
    const error = await assertRejects(acquiring, RasterError);
    assertMatch(error.message, says);
    assertMatch(error.message, /remove it/);
    assertEquals(Deno.lstatSync(lockPath(output)).ino, before);
    assertEquals(Deno.readTextFileSync(victim), PRECIOUS);
  });
}

Deno.test("an empty lock is taken: its maker was killed before it wrote into it", async () => {
  using folder = tempFolder();
  const output = folder.file("a.tif");
  Deno.writeTextFileSync(lockPath(output), "");
  const notices: string[] = [];
  using lock = await OutputLock.acquire(output, { runId: "mine", onNotice: (line) => notices.push(line) });
  assert(lock.isOwn());
  assertEquals(notices.length, 1);
  assertMatch(notices[0]!, /a run that was killed as it began/);
});

Deno.test("a kill in the moment in which a lock is made does not keep --resume from going on", async () => {
  using scene = await resumeScene();
  await scene.fail(8, scene.job("run"));
  for (const name of ["run_a.tif", "run_b.tif"]) Deno.writeTextFileSync(lockPath(scene.file(name)), "");
  await run(scene.job("run", { resume: true }));
  await scene.assertSame("run");
});

Deno.test({
  name: "a lock that may not be read is another user's, and refused by name (needs not to be root)",
  ignore: Deno.uid() === 0,
}, async () => {
  using folder = tempFolder();
  const output = folder.file("a.tif");
  Deno.writeTextFileSync(lockPath(output), "{}");
  Deno.chmodSync(lockPath(output), 0);
  const error = await assertRejects(() => OutputLock.acquire(output, { runId: "mine" }), LockedError);
  assertMatch(error.message, /another user's run.*may not read/);
});

Deno.test("a part file whose length has changed does not get the output's name", () => {
  using folder = tempFolder();
  const output = folder.file("a.tif");
  for (const change of [(path: string) => Deno.truncateSync(path, 3), appendByte]) {
    Deno.writeTextFileSync(output, "old");
    const part = PartFile.create(output);
    part.append(new Uint8Array(10));
    part.syncAndClose();
    change(part.path);
    const { message } = assertThrows(() => part.renameToTarget(), RasterError);
    assertMatch(message, /has (3|11) bytes instead of 10/);
    assertEquals(Deno.readTextFileSync(output), "old");
    part.remove();
  }
});

function appendByte(path: string): void {
  Deno.writeFileSync(path, new Uint8Array(1), { append: true });
}
