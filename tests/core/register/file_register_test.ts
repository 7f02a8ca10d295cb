import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ConfigError } from "../../../core/errors.ts";
import { deadPid, TestRegisters } from "./register_support.ts";

Deno.test("an intent is in the file before intend() returns, what was made is added, what is gone is not there", async () => {
  await using registers = await TestRegisters.make();
  const register = await registers.open();
  const job = await register.intend({ type: "job", key: "blockfleet_run-1", data: { script: "a" } });
  const things = async () => (await registers.list())[0]!.things;
  assertEquals(await things(), [
    { type: "job", key: "blockfleet_run-1", state: "intended", data: { script: "a" } },
  ]);
  const task = await register.intend({ type: "task", key: "token" });
  await job.made({ id: "17" });
  assertEquals(await things(), [
    { type: "job", key: "blockfleet_run-1", state: "made", data: { script: "a", id: "17" } },
    { type: "task", key: "token", state: "intended" },
  ]);
  await task.gone();
  await task.gone();
  assertEquals((await things()).map(({ type }) => type), ["job"]);
  await job.gone();
  assertEquals(await register.close(), []);
  assertEquals(await registers.list(), []);
  assertEquals(await Array.fromAsync(Deno.readDir(registers.folder.path)), []);
});

Deno.test("folder and file are the user's alone, and an open folder is refused", async () => {
  await using registers = await TestRegisters.make();
  const register = await registers.open();
  const mode = async (path: string) => (await Deno.lstat(path)).mode! & 0o777;
  assertEquals([await mode(registers.folder.path), await mode(register.path)], [0o700, 0o600]);
  await register.close();
  await Deno.chmod(registers.folder.path, 0o750);
  await assertRejects(() => registers.open(), ConfigError, "is open to other users");
});

Deno.test("a hundred intents at once are all there, in their order", async () => {
  await using registers = await TestRegisters.make();
  const register = await registers.open();
  const entries = await Promise.all(
    Array.from({ length: 100 }, (_, n) => register.intend({ type: "task", key: `task-${n}` })),
  );
  const [run] = await registers.list();
  assertEquals(run!.things.map(({ key }) => key), Array.from({ length: 100 }, (_, n) => `task-${n}`));
  await Promise.all(entries.map((entry) => entry.gone()));
  await register.close();
});

Deno.test("a run that ends with something left stays in the register until that is gone", async () => {
  await using registers = await TestRegisters.make();
  const register = await registers.open();
  await (await register.intend({ type: "cluster", key: "c" })).made({ arn: "arn:1" });
  await register.intend({ type: "task", key: "t" });
  assertEquals((await register.close()).map(({ key }) => key), ["c", "t"]);
  const [run] = await registers.list();
  await run!.gone(run!.things[1]!);
  assertEquals((await registers.list())[0]!.things.map(({ key }) => key), ["c"]);
  await run!.gone(run!.things[0]!);
  assertEquals(await registers.list(), []);
});

Deno.test("this process's run lives; that of a dead process, or of a number in use again, does not", async () => {
  await using registers = await TestRegisters.make();
  const register = await registers.open();
  const isAlive = async () => (await registers.list())[0]!.isAlive;
  assert(await isAlive());
  const { pid, processStart } = JSON.parse(await Deno.readTextFile(register.path)).manager;
  assertEquals(pid, Deno.pid);
  const dead = await deadPid();
  await registers.change(register.path, ({ manager }) => (manager as { pid: number }).pid = dead);
  assertEquals(await isAlive(), false);
  await registers.change(register.path, (record) => record.manager = { ...record.manager as object, pid });
  assert(await isAlive());
  if (processStart !== "") {
    await registers.change(register.path, (record) => {
      record.manager = { ...record.manager as object, processStart: "1" };
    });
    assertEquals(await isAlive(), false);
  }
  await register.close();
});

Deno.test("another host's run lives while its register was touched within a minute", async () => {
  await using registers = await TestRegisters.make();
  const register = await registers.open();
  await registers.change(register.path, (record) => {
    record.manager = { ...record.manager as object, host: "another-host" };
  });
  const seen = async () => {
    const [run] = await registers.list();
    return [run!.host, run!.isAlive];
  };
  assertEquals(await seen(), ["another-host", true]);
  const past = new Date(Date.now() - 61_000);
  await Deno.utime(register.path, past, past);
  assertEquals(await seen(), ["another-host", false]);
  await register.close();
});

Deno.test("a run of another host that can't be judged, since nothing can be written, is skipped with the reason", async () => {
  await using registers = await TestRegisters.make();
  const register = await registers.open();
  await registers.change(register.path, (record) => {
    record.manager = { ...record.manager as object, host: "another-host" };
  });
  const { writeTextFile } = Deno;
  Deno.writeTextFile = () => Promise.reject(new Deno.errors.PermissionDenied("Read-only file system"));
  try {
    assertEquals(await registers.list(), []);
  } finally {
    Deno.writeTextFile = writeTextFile;
  }
  assertEquals(registers.notices, [`The register '${register.path}' is skipped: Read-only file system`]);
  await register.close();
});

Deno.test("torn and foreign files are skipped with a notice", async () => {
  await using registers = await TestRegisters.make();
  const register = await registers.open({ runId: "run-2" });
  const text = await Deno.readTextFile(register.path);
  const write = (name: string, content: string) =>
    Deno.writeTextFile(`${registers.folder.path}/${name}`, content, { mode: 0o600 });
  await write("torn.json", text.slice(0, text.length / 2));
  await write("empty.json", "");
  await write("list.json", "[]");
  await write("other.json", JSON.stringify({ format: "blockfleet run 99" }));
  await write("thing.json", text.replace('"things": []', '"things": [{"type": "job"}]'));
  await write("run-2.json.part", "being written");
  await Deno.mkdir(`${registers.folder.path}/folder.json`);
  await Deno.symlink(register.path, `${registers.folder.path}/link.json`);
  assertEquals((await registers.list()).map(({ runId }) => runId), ["run-2"]);
  assertEquals(registers.notices.length, 7);
  for (const line of registers.notices) assertMatch(line, /^The register '.*' is skipped: /);
  await register.close();
});

Deno.test("without a folder there are no runs, and no error", async () => {
  await using registers = await TestRegisters.make();
  assertEquals(await registers.list(), []);
  assertEquals(registers.notices, []);
});
