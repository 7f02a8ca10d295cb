import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { cleanupRuns } from "../../core/cleanup.ts";
import type { Driver, RunSelector } from "../../core/driver.ts";
import { ConfigError } from "../../core/errors.ts";
import { registerDriver } from "../../core/registry.ts";
import { deadPid, TestRegisters } from "./register/register_support.ts";

/** What the driver was asked for. */
const asked: RunSelector[] = [];
let failing = false;

const driver: Driver = {
  kind: "CW_CLEANING",
  computeWorkersReadDefault: true,
  inProcess: false,
  supportsSingleBlock: false,
  canInterrupt: true,
  available: () => Promise.resolve({ available: true }),
  start: () => Promise.reject(new Error("nothing is to be started")),
  async cleanup(selector) {
    asked.push(selector);
    if (failing) throw new Error("the queue does not answer");
    const removed: string[] = [];
    for (const run of selector.runs) {
      for (const thing of run.things) {
        removed.push(`${thing.type} ${thing.key}`);
        if (!selector.dryRun) await run.gone(thing);
      }
    }
    if (selector.unregistered?.runId === "tagged") removed.push("job 5");
    const hint = selector.unregistered?.jobName === "elsewhere" ? { hint: "name the stack" } : {};
    return { removed, failed: [], ...hint };
  },
};
registerDriver(driver);

/** A run whose manager was killed with something left. */
async function killedRun(registers: TestRegisters, runId: string): Promise<string> {
  const register = await registers.open({ runId, kind: driver.kind });
  await (await register.intend({ type: "job", key: `key-${runId}` })).made({ id: "7" });
  await register.close();
  const pid = await deadPid();
  await registers.change(register.path, (record) => record.manager = { ...record.manager as object, pid });
  return register.path;
}

Deno.test("all dead runs are cleaned up by their kind's driver, the living ones left alone", async () => {
  await using registers = await TestRegisters.make();
  const living = await registers.open({ runId: "living", kind: driver.kind });
  const job = await living.intend({ type: "job", key: "living" });
  await killedRun(registers, "dead-1");
  await killedRun(registers, "dead-2");
  const lines: string[] = [];
  const request = { folder: registers.folder, onLine: (line: string) => lines.push(line) };
  const dry = await cleanupRuns({ ...request, allDead: true, dryRun: true });
  assertEquals(dry.removed.toSorted(), ["job key-dead-1", "job key-dead-2"]);
  assertEquals(lines.toSorted(), ["Would remove: job key-dead-1", "Would remove: job key-dead-2"]);
  assertEquals((await registers.list()).length, 3);
  const summary = await cleanupRuns({ ...request, allDead: true });
  assertEquals(summary.runs.toSorted(), ["dead-1", "dead-2"]);
  assertEquals((await registers.list()).map(({ runId }) => runId), ["living"]);
  await job.gone();
  await living.close();
});

Deno.test("a living run is refused by name unless it is forced", async () => {
  await using registers = await TestRegisters.make();
  const living = await registers.open({ runId: "living", kind: driver.kind });
  await living.intend({ type: "job", key: "j" });
  const request = { folder: registers.folder, onLine: () => {}, runIds: ["living"] };
  const refused = await cleanupRuns(request);
  assertEquals([refused.runs, refused.removed, refused.refused.length], [[], [], 1]);
  assertEquals((await cleanupRuns({ ...request, force: true })).removed, ["job j"]);
  await living.close();
});

Deno.test("runs are found by job name, and what no register knows is looked for by the drivers", async () => {
  await using registers = await TestRegisters.make();
  await killedRun(registers, "dead");
  const request = { folder: registers.folder, onLine: () => {}, kinds: [driver.kind] };
  assertEquals((await cleanupRuns({ ...request, jobName: "ndvi" })).removed, ["job key-dead"]);
  assertEquals((await cleanupRuns({ ...request, runIds: ["tagged"] })).removed, ["job 5"]);
  assertEquals(asked.at(-1)!.unregistered, { runId: "tagged" });
  const unknown = await cleanupRuns({ ...request, jobName: "nobody's" });
  assertEquals(unknown.refused, [
    "a job named 'nobody's' is not in the register, and it is unknown to CW_CLEANING",
  ]);
  assertEquals((await cleanupRuns({ ...request, jobName: "elsewhere" })).refused, [
    "a job named 'elsewhere' is not in the register, and it is unknown to CW_CLEANING; name the stack",
  ]);
  assertEquals(await asked.at(-1)!.confirm("Remove it?"), false, "nothing is removed without being asked");
});

Deno.test("a dead run that left nothing but its address file is forgotten with it", async () => {
  await using registers = await TestRegisters.make();
  const path = await killedRun(registers, "dead");
  const addressFile = join(registers.folder.within, "run", "channel");
  await Deno.mkdir(join(registers.folder.within, "run"));
  await Deno.writeTextFile(addressFile, "key");
  await registers.change(path, (record) => {
    record.things = [];
    record.addressFile = addressFile;
  });
  await cleanupRuns({ folder: registers.folder, onLine: () => {}, allDead: true });
  assertEquals(await registers.list(), []);
  await assertRejects(() => Deno.lstat(addressFile), Deno.errors.NotFound);
});

Deno.test("a driver that fails, or is unknown, is said, and the register stays", async () => {
  await using registers = await TestRegisters.make();
  await killedRun(registers, "dead");
  const other = await killedRun(registers, "other");
  await registers.change(other, (record) => record.kind = "CW_NOBODYS");
  failing = true;
  const { failed } = await cleanupRuns({ folder: registers.folder, onLine: () => {}, allDead: true });
  failing = false;
  assertEquals(failed.length, 2);
  assertEquals(failed.some((line) => line.includes("the queue does not answer")), true);
  assertEquals(failed.some((line) => line.includes("There is no kind 'CW_NOBODYS'")), true);
  assertEquals((await registers.list()).length, 2);
});

Deno.test("a cleanup of nothing is refused", async () => {
  await assertRejects(() => cleanupRuns({ onLine: () => {} }), ConfigError, "Say what to clean up");
});
