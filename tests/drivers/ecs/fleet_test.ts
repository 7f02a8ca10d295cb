import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ConfigError } from "../../../core/errors.ts";
import { FakeAws } from "./fake_aws.ts";
import { EXTRA_PARAMS, HeldRun } from "./held_run.ts";

const arns = (aws: FakeAws) => [...aws.tasks.keys()];

Deno.test("a run makes cluster, task definition and tasks, and removes them in the order that AWS wants", async () => {
  const aws = new FakeAws();
  await using run = await HeldRun.start(aws, { workers: 2 });
  await run.until(() => aws.tasks.size === 2);
  assertEquals(run.connect(arns(aws)[1]!), 1);
  assertEquals(run.connect(arns(aws)[0]!), 0);
  assertEquals(
    run.fleet.workers(),
    arns(aws).map((nativeId, worker) => ({ worker, state: "running", nativeId })),
  );
  await run.fleet.stop({ finished: false });
  assertEquals(aws.left(), []);
  assertEquals(run.register.things, []);
  assertEquals(aws.destroyed, 1);
  const removal = aws.actions().filter((action) => /Stop|Deregister|Delete/.test(action));
  assertEquals(removal, [
    "ecs:StopTask",
    "ecs:DeregisterTaskDefinition",
    "ecs:DeleteTaskDefinitions",
    "ecs:DeleteCluster",
  ]);
  assertEquals(
    run.closed.toSorted(),
    [0, 0, 1, 1],
    "their connections are ended first, so that they don't drain",
  );
});

Deno.test("the key and the address are in the container's environment, and never in a command or a register", async () => {
  const aws = new FakeAws();
  await using run = await HeldRun.start(aws);
  await run.until(() => aws.tasks.size === 1);
  const [{ overrides }] = aws.inputs("ecs:RunTask");
  const [{ name, command, environment }] = overrides.containerOverrides;
  assertEquals(name, "c");
  assertEquals(command, ["worker", "-i", "auto", "--threads", "2", "--drain-grace", "90"]);
  assertEquals(environment.map(({ name }: { name: string }) => name), [
    "BLOCKFLEET_CHANNEL",
    "BLOCKFLEET_KEY",
  ]);
  assert(!JSON.stringify(run.register.things).includes("c2VjcmV0"));
});

Deno.test("a stranger's task gets no number", async () => {
  const aws = new FakeAws();
  await using run = await HeldRun.start(aws);
  await run.until(() => run.fleet.workers()[0]?.nativeId !== undefined);
  try {
    run.connect("arn:aws:ecs:us-east-1:1:task/other/9");
  } catch (error) {
    assertStringIncludes(String(error), "none that this run waits for");
    return;
  }
  throw new TypeError("it was let in");
});

Deno.test("a cluster that is there already is refused, and left alone", async () => {
  const aws = new FakeAws();
  aws.clusters.set("cluster", { status: "ACTIVE", tags: [] });
  await assertRejects(() => HeldRun.start(aws), ConfigError, "There is a cluster 'cluster' already");
  assertEquals(aws.left(), ["cluster"]);
});

Deno.test("an existing cluster and task definition are used, and never removed", async () => {
  const aws = new FakeAws();
  aws.clusters.set("theirs", { status: "ACTIVE", tags: [] });
  aws.definitions.set("theirs:3", { status: "ACTIVE", body: { containerDefinitions: [{ name: "worker" }] } });
  const extraParams = { run_task: { cluster: "theirs", taskDefinition: "theirs:3", launchType: "EC2" } };
  await using run = await HeldRun.start(aws, { extraParams });
  await run.until(() => aws.tasks.size === 1);
  const [input] = aws.inputs("ecs:RunTask");
  assertEquals([input.cluster, input.taskDefinition, input.launchType], ["theirs", "theirs:3", "EC2"]);
  assertEquals(input.overrides.containerOverrides[0].name, "worker");
  await run.fleet.stop({ finished: false });
  assertEquals(aws.left(), ["theirs", "theirs:3"]);
});

Deno.test("more workers may be asked for later, numbered on", async () => {
  const aws = new FakeAws();
  await using run = await HeldRun.start(aws);
  assertEquals(await run.fleet.grow!(2, new AbortController().signal), { added: 2 });
  await run.until(() => aws.tasks.size === 3);
  assertEquals(run.fleet.workers().map(({ worker }) => worker), [0, 1, 2]);
});

Deno.test("a run that is over before it has started makes nothing that stays", async () => {
  const aws = new FakeAws();
  await assertRejects(() => HeldRun.start(aws, { signal: AbortSignal.abort(new Error("over")) }));
  assertEquals(aws.left(), []);
});

Deno.test("overrides that are too long are refused before anything is made", async () => {
  const aws = new FakeAws();
  const environment = [{ name: "A", value: "x".repeat(8000) }];
  const extraParams = { ...EXTRA_PARAMS, run_task: { overrides: { containerOverrides: [{ environment }] } } };
  await assertRejects(() => HeldRun.start(aws, { extraParams }), ConfigError, "AWS takes 8192");
  assertEquals(aws.calls, []);
});
