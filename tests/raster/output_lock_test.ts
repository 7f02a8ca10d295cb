import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { LockedError } from "../../core/errors.ts";
import { type LockHolder, lockPath, OutputLock } from "../../raster/output/output_lock.ts";
import { ownIdentity } from "../../core/process_identity.ts";
import { tempFolder } from "../gdal.ts";

/** A lock file as some other run would have left it. */
function plant(output: string, changes: Partial<LockHolder> = {}): void {
  const holder = { run: "other", ...ownIdentity(), startedAt: "2024-01-01T00:00:00.000Z", ...changes };
  Deno.writeTextFileSync(lockPath(output), JSON.stringify(holder));
}

/** The number of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), { args: ["--version"], stdout: "null" }).spawn();
  await child.status;
  return child.pid;
}

Deno.test("a lock says who holds it, and is gone once released", async () => {
  using folder = tempFolder();
  const output = folder.file("a.tif");
  const lock = await OutputLock.acquire(output, { runId: "run1" });
  const holder = JSON.parse(Deno.readTextFileSync(lockPath(output)));
  assertEquals([holder.run, holder.pid, holder.host], ["run1", Deno.pid, Deno.hostname()]);
  assert(lock.isOwn());
  lock.release();
  lock.release();
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

Deno.test("a lock that a living process holds is refused, naming run, host, process and --take-over", async () => {
  using folder = tempFolder();
  const output = folder.file("a.tif");
  using _held = await OutputLock.acquire(output, { runId: "first" });
  const error = await assertRejects(() => OutputLock.acquire(output, { runId: "second" }), LockedError);
  for (const part of ["first", Deno.hostname(), String(Deno.pid), "--take-over"]) {
    assert(error.message.includes(part), error.message);
  }
});

Deno.test("a lock of a process that has ended is taken, and said so", async () => {
  using folder = tempFolder();
  const output = folder.file("a.tif");
  plant(output, { pid: await deadPid() });
  const notices: string[] = [];
  using lock = await OutputLock.acquire(output, { runId: "mine", onNotice: (line) => notices.push(line) });
  assert(lock.isOwn());
  assertEquals(notices.length, 1);
  assertMatch(notices[0]!, /run other .*which has ended/);
});

Deno.test({
  name: "a process number that is in use again is not taken for the lock's holder (needs /proc)",
  ignore: Deno.build.os !== "linux",
}, async () => {
  using folder = tempFolder();
  const output = folder.file("a.tif");
  plant(output, { processStart: "1" });
  using lock = await OutputLock.acquire(output, { runId: "mine" });
  assert(lock.isOwn());
});

Deno.test("a lock from another host or another container is unknown, and refused", async () => {
  using folder = tempFolder();
  const output = folder.file("a.tif");
  for (const changes of [{ host: "elsewhere" }, { space: "boot/pid:[1]" }]) {
    plant(output, changes);
    const error = await assertRejects(() => OutputLock.acquire(output, { runId: "mine" }), LockedError);
    assertMatch(error.message, /may still be running/);
  }
  plant(output, { host: "elsewhere" });
  using lock = await OutputLock.acquire(output, { runId: "mine", takeOver: true });
  assert(lock.isOwn());
});

Deno.test({
  name: "a lock last touched before this machine started is stale (needs /proc)",
  ignore: Deno.build.os !== "linux",
}, async () => {
  using folder = tempFolder();
  const output = folder.file("a.tif");
  plant(output, { space: "another-boot/pid:[1]" });
  Deno.utimeSync(lockPath(output), new Date(0), new Date(0));
  using lock = await OutputLock.acquire(output, { runId: "mine" });
  assert(lock.isOwn());
});

Deno.test("an illegible lock is refused after a second, as it may be being written", async () => {
  using folder = tempFolder();
  const output = folder.file("a.tif");
  Deno.writeTextFileSync(lockPath(output), '{"run":');
  await assertRejects(() => OutputLock.acquire(output, { runId: "mine" }), LockedError, "unknown run");
});

Deno.test("who lost a lock is told by whom, and leaves the other's lock alone", async () => {
  using folder = tempFolder();
  const output = folder.file("a.tif");
  using lost = await OutputLock.acquire(output, { runId: "old" });
  using taken = await OutputLock.acquire(output, { runId: "new", takeOver: true });
  assertEquals([lost.isOwn(), taken.isOwn()], [false, true]);
  assertThrows(() => lost.check(), LockedError, "run new");
  lost.release();
  assert(taken.isOwn());
  Deno.removeSync(lockPath(output));
  assertThrows(() => taken.check(), LockedError, "removed by someone");
});

Deno.test("a held lock is touched every ten seconds, and no longer once it is lost", async () => {
  using folder = tempFolder();
  const output = folder.file("a.tif");
  const original = globalThis.setInterval;
  const ticks: { touch: () => void; everyMs: number }[] = [];
  globalThis.setInterval = ((touch: () => void, everyMs: number) => {
    ticks.push({ touch, everyMs });
    return original(touch, everyMs);
  }) as typeof setInterval;
  try {
    using _lock = await OutputLock.acquire(output, { runId: "mine" });
    const mtime = () => Deno.statSync(lockPath(output)).mtime!.getTime();
    Deno.utimeSync(lockPath(output), new Date(0), new Date(0));
    assertEquals(ticks.map(({ everyMs }) => everyMs), [10_000]);
    ticks[0]!.touch();
    assert(mtime() > Date.now() - 60_000);
    plant(output);
    Deno.utimeSync(lockPath(output), new Date(0), new Date(0));
    ticks[0]!.touch();
    assertEquals(mtime(), 0);
  } finally {
    globalThis.setInterval = original;
  }
});

Deno.test("of processes racing for one lock, fresh or stale, exactly one gets it", async () => {
  using folder = tempFolder();
  const script = folder.file("race.ts");
  const url = new URL("../../raster/output/output_lock.ts", import.meta.url);
  Deno.writeTextFileSync(
    script,
    `const { OutputLock } = await import(${JSON.stringify(url.href)});
    console.log("ready");
    await Deno.stdin.read(new Uint8Array(1));
    for (const output of Deno.args.slice(1)) {
      try { await OutputLock.acquire(output, { runId: Deno.args[0] }); console.log("got", output); }
      catch (error) { if (error.name !== "LockedError") throw error; console.log("refused", output); }
    }
    console.log("done");
    await Deno.stdin.read(new Uint8Array(1));`,
  );
  const outputs = Array.from({ length: 60 }, (_, index) => folder.file(`${index}.tif`));
  // Every second one has a stale lock, which both will want to replace.
  const dead = { pid: await deadPid() };
  outputs.forEach((output, index) => index % 2 === 0 && plant(output, dead));
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const racers = ["a", "b", "c"].map((name) =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--config", config, script, name, ...outputs],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn()
  );
  const pipes = racers.map((racer) => racer.stdin.getWriter());
  const outs = racers.map((racer) => racer.stdout.pipeThrough(new TextDecoderStream()).getReader());
  await Promise.all(outs.map((out) => readUntil(out, "ready\n")));
  await Promise.all(pipes.map((pipe) => pipe.write(new Uint8Array(1))));
  // They hold what they have until all are through, or a lock could rightly be taken from one that has ended.
  const texts = await Promise.all(outs.map((out) => readUntil(out, "done\n")));
  await Promise.all(outs.map((out) => out.cancel()));
  await Promise.all(pipes.map((pipe) => pipe.close()));
  await Promise.all(racers.map((racer) => racer.status));
  const got = texts.join("").split("\n").filter((line) => line.startsWith("got"));
  assertEquals(got.length, outputs.length);
  assertEquals(new Set(got).size, outputs.length);
});

async function readUntil(out: ReadableStreamDefaultReader<string>, end: string): Promise<string> {
  let text = "";
  while (!text.includes(end)) {
    const { value, done } = await out.read();
    if (done) throw new Error(`A racer ended early: ${text}`);
    text += value;
  }
  return text;
}
