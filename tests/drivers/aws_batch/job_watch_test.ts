import { assertEquals } from "@std/assert";
import { JobWatch } from "../../../drivers/aws_batch/job_watch.ts";
import { BATCH_TIMING } from "../../../drivers/aws_batch/timing.ts";
import { fakeBatch } from "./fake_batch.ts";

const QUICK = { ...BATCH_TIMING, pollMs: { least: 1, most: 2 } };

Deno.test("a job that Batch does not show is gone only when it is old enough, and after two answers without it", async () => {
  const gone: string[] = [];
  const { caller, calls } = fakeBatch(() => ({ jobs: [] }));
  const timing = { ...QUICK, freshMs: 60, absenceMs: 30 };
  const watch = new JobWatch(caller, {
    timing,
    seen: () => {},
    absent: (id) => gone.push(id),
    notice: () => {},
  });
  const beganMs = performance.now();
  watch.add("J");
  await watch.until(() => gone.length > 0, 60_000);
  await watch.close();
  assertEquals(gone, ["J"]);
  assertEquals(performance.now() - beganMs >= 60 && calls.length > 2, true);
});

Deno.test("jobs are described a hundred a call, and a complaint that stays the same is made once", async () => {
  const lines: string[] = [];
  let denied = true;
  const { caller, calls } = fakeBatch(({ input }) => {
    if (denied) throw Object.assign(new Error("no"), { name: "ServerlessTrouble" });
    return { jobs: input.jobs.map((jobId: string) => ({ jobId, status: "RUNNING" })) };
  });
  const seen = new Set<string>();
  const watch = new JobWatch(caller, {
    timing: QUICK,
    seen: ({ jobId }) => seen.add(jobId!),
    absent: () => {},
    notice: (line) => lines.push(line),
  });
  for (let index = 0; index < 250; index++) watch.add(`J:${index}`);
  await watch.until(() => calls.length > 5, 60_000);
  denied = false;
  await watch.until(() => seen.size === 250, 60_000);
  await watch.close();
  assertEquals(lines.length, 1);
  assertEquals(Math.max(...calls.map(({ input }) => input.jobs.length)), 100);
});

Deno.test("who may not look at jobs does not wait for their end", async () => {
  const { caller } = fakeBatch(() => {
    throw Object.assign(new Error("User: u is not authorized"), { name: "AccessDeniedException" });
  });
  const watch = new JobWatch(caller, { timing: QUICK, seen: () => {}, absent: () => {}, notice: () => {} });
  watch.add("J");
  const beganMs = performance.now();
  await watch.until(() => false, 300_000);
  await watch.close();
  assertEquals(performance.now() - beganMs < 200_000, true);
});
