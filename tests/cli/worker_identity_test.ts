import { assertEquals } from "@std/assert";
import { arrayIndex, type WorkerIdentity, workerIdentity } from "../../cli/worker_identity.ts";

const VARIABLES = [
  "SLURM_JOB_ID",
  "SLURM_ARRAY_JOB_ID",
  "SLURM_ARRAY_TASK_ID",
  "SLURM_RESTART_COUNT",
  "PBS_JOBID",
  "PBS_ARRAY_INDEX",
  "JOB_ID",
  "SGE_TASK_ID",
  "AWS_BATCH_JOB_ID",
  "AWS_BATCH_JOB_ARRAY_INDEX",
  "ECS_CONTAINER_METADATA_URI_V4",
];

/** Runs with these of the variables set and no other. */
async function within<T>(given: Readonly<Record<string, string>>, work: () => T | Promise<T>): Promise<T> {
  const before = VARIABLES.map((name) => [name, Deno.env.get(name)] as const);
  for (const name of VARIABLES) Deno.env.delete(name);
  for (const [name, value] of Object.entries(given)) Deno.env.set(name, value);
  try {
    return await work();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
}

Deno.test("a worker goes by its job and element, its job, or its process", async () => {
  const cases: [Record<string, string>, WorkerIdentity][] = [
    [{}, { nativeId: String(Deno.pid) }],
    [{ SLURM_JOB_ID: "70" }, { nativeId: "70" }],
    [
      { SLURM_JOB_ID: "72", SLURM_ARRAY_JOB_ID: "70", SLURM_ARRAY_TASK_ID: "2", SLURM_RESTART_COUNT: "1" },
      { nativeId: "70_2", restarts: 1 },
    ],
    [{ PBS_JOBID: "7[2].pbs", PBS_ARRAY_INDEX: "2" }, { nativeId: "7[2].pbs" }],
    [{ JOB_ID: "7", SGE_TASK_ID: "3" }, { nativeId: "7.3" }],
    [{ JOB_ID: "7", SGE_TASK_ID: "undefined" }, { nativeId: "7" }],
    [{ JOB_ID: "7" }, { nativeId: String(Deno.pid) }],
    [{ AWS_BATCH_JOB_ID: "abc:3", ECS_CONTAINER_METADATA_URI_V4: "http://127.0.0.1:1" }, {
      nativeId: "abc:3",
    }],
    [{ SLURM_JOB_ID: "" }, { nativeId: String(Deno.pid) }],
  ];
  for (const [given, expected] of cases) {
    assertEquals(await within(given, workerIdentity), expected);
  }
});

Deno.test("an ECS task asks the metadata endpoint for its name, and goes by its process if that fails", async () => {
  const paths: string[] = [];
  const arn = "arn:aws:ecs:us-west-2:111122223333:task/default/158d1c8083dd49d6b527399fd6414f5c";
  let body = JSON.stringify({ TaskARN: arn });
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    paths.push(new URL(request.url).pathname);
    return new Response(body);
  });
  const given = { ECS_CONTAINER_METADATA_URI_V4: `http://127.0.0.1:${server.addr.port}/v4/x` };
  assertEquals(await within(given, workerIdentity), { nativeId: arn });
  assertEquals(paths, ["/v4/x/task"]);
  body = "<html>";
  assertEquals(await within(given, workerIdentity), { nativeId: String(Deno.pid) });
});

Deno.test("the element of an array job is the worker's number", async () => {
  assertEquals(await within({}, arrayIndex), undefined);
  assertEquals(await within({ PBS_ARRAY_INDEX: "0" }, arrayIndex), 0);
  assertEquals(await within({ AWS_BATCH_JOB_ARRAY_INDEX: "12" }, arrayIndex), 12);
  assertEquals(await within({ SLURM_ARRAY_TASK_ID: "x" }, arrayIndex), undefined);
  assertEquals(await within({ SGE_TASK_ID: "1" }, arrayIndex), 0);
  assertEquals(await within({ SGE_TASK_ID: "undefined" }, arrayIndex), undefined);
});
