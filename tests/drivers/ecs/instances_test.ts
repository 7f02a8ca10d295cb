import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import { TimeoutExceededError } from "../../../core/errors.ts";
import { awsError, FakeAws, lost } from "./fake_aws.ts";
import { EXTRA_PARAMS, HeldRun } from "./held_run.ts";

/** A run of two workers on two instances, each with room for one; both are running. */
async function onTwoInstances(aws: FakeAws, more: Record<string, unknown> = {}): Promise<HeldRun> {
  aws.room = 1;
  const extraParams = {
    ...EXTRA_PARAMS,
    run_instances: { ImageId: "ami-1", MinCount: 2, MaxCount: 2, ...more },
  };
  const run = await HeldRun.start(aws, { extraParams, workers: 2 });
  aws.join();
  await run.until(() => aws.tasks.size === 2);
  for (const arn of aws.tasks.keys()) run.connect(arn);
  return run;
}

/** The instance that a worker's task is on. */
function instanceOf(aws: FakeAws, run: HeldRun, worker: number): string {
  const { nativeId } = run.fleet.workers()[worker]!;
  return aws.tasks.get(nativeId!)!.containerInstanceArn!.slice("ci/".length);
}

const signal = new AbortController().signal;

/** A worker is lost with its instance, and wanted again. */
async function lose(aws: FakeAws, run: HeldRun, worker: number, reason?: string): Promise<void> {
  const { nativeId } = run.fleet.workers()[worker]!;
  aws.terminate(instanceOf(aws, run, worker), reason);
  run.fleet.check!(worker);
  const ended = await run.until(() =>
    run.events.find((event) => event.type === "ended" && event.nativeId === nativeId)
  );
  assertEquals(ended.type === "ended" && ended.cause, "node");
  assertEquals(await run.fleet.replace(worker, signal), { replaced: true });
}

Deno.test("instances are waited for, taken out of the cluster, and terminated", async () => {
  const aws = new FakeAws();
  const extraParams = { ...EXTRA_PARAMS, run_instances: { ImageId: "ami-1", MinCount: 2, MaxCount: 2 } };
  await using run = await HeldRun.start(aws, { extraParams, workers: 2 });
  assertEquals(aws.inputs("ec2:RunInstances")[0].InstanceInitiatedShutdownBehavior, "terminate");
  await run.until(() => aws.inputs("ec2:DescribeInstances").length > 1);
  assertEquals(aws.tasks.size, 0);
  aws.join();
  await run.until(() => aws.tasks.size === 2);
  await run.fleet.stop({ finished: false });
  assertEquals(aws.left(), []);
  const removal = aws.actions().filter((action) => /Stop|Deregister|Delete|Terminate/.test(action));
  assertEquals(removal.slice(0, 4), [
    "ecs:StopTask",
    "ecs:DeregisterContainerInstance",
    "ec2:TerminateInstances",
    "ecs:DeregisterTaskDefinition",
  ]);
  assertEquals(aws.inputs("ecs:DeregisterContainerInstance").map(({ force }) => force), [true, true]);
});

Deno.test("instances that never join run the time-out out, and are terminated", async () => {
  const aws = new FakeAws();
  const extraParams = {
    ...EXTRA_PARAMS,
    run_instances: { ImageId: "ami-1", MinCount: 1, MaxCount: 1 },
    waitClusterInstanceCountTimeout: 0.03,
  };
  await using run = await HeldRun.start(aws, { extraParams });
  const failure = await run.failure;
  assertInstanceOf(failure, TimeoutExceededError);
  assertStringIncludes(String(failure), "waitClusterInstanceCountTimeout");
  await run.fleet.stop({ finished: false });
  assertEquals(aws.left(), []);
});

Deno.test("instances without room for a single worker end the run with the reason", async () => {
  const aws = new FakeAws();
  aws.next("ecs:RunTask", () => ({ tasks: [], failures: [{ reason: "RESOURCE:MEMORY" }] }), 1000);
  const extraParams = { ...EXTRA_PARAMS, run_instances: { ImageId: "ami-1", MinCount: 1, MaxCount: 1 } };
  await using run = await HeldRun.start(aws, { extraParams });
  aws.join();
  assertStringIncludes(String(await run.failure), "has room for a worker (RESOURCE:MEMORY");
});

Deno.test("an instance that ends is replaced by another of the same kind, written down before it is started", async () => {
  const aws = new FakeAws();
  await using run = await onTwoInstances(aws);
  const held: number[] = [];
  aws.next("ec2:RunInstances", (_, next) => {
    held.push(
      run.register.things.filter(({ type, state }) => type === "ec2-instances" && state === "intended")
        .length,
    );
    return next();
  });
  await lose(aws, run, 0);
  await run.until(() => aws.inputs("ec2:RunInstances").length === 2);
  const [first, second] = aws.inputs("ec2:RunInstances");
  assertNotEquals(second.ClientToken, first.ClientToken);
  assertEquals(second, { ...first, ClientToken: second.ClientToken, MinCount: 1, MaxCount: 1 });
  assertEquals(held, [1]);
  aws.join();
  const arn = await run.until(() => aws.tasks.size === 3 && [...aws.tasks.keys()][2]);
  await run.until(() => run.fleet.workers()[0]?.nativeId === arn);
  assertEquals(run.connect(arn), 0);
  assertMatch(
    run.notices.find((line) => line.includes("instance"))!,
    /^1 instance of the run ended; 'i-\d+': Server.SpotInstanceTermination. 1 instance started in the place$/,
  );
  await run.fleet.stop({ finished: false });
  assertEquals([aws.left(), run.register.things], [[], []]);
});

Deno.test("when all instances have ended, all are replaced by one call", async () => {
  const aws = new FakeAws();
  await using run = await onTwoInstances(aws);
  for (const id of aws.instances.keys()) aws.terminate(id);
  for (const worker of [0, 1]) assertEquals(await run.fleet.replace(worker, signal), { replaced: true });
  await run.until(() => aws.running().length === 2);
  assertEquals(aws.inputs("ec2:RunInstances").map(({ MaxCount }) => MaxCount), [2, 2]);
  aws.join();
  await run.until(() => aws.tasks.size === 4);
  assertEquals(aws.instances.size, 4);
});

Deno.test("while the new instance is on its way the run does not fail for want of room, and starts no more", async () => {
  const aws = new FakeAws();
  await using run = await onTwoInstances(aws);
  for (const id of aws.instances.keys()) aws.terminate(id);
  assertEquals(await run.fleet.replace(0, signal), { replaced: true });
  await run.until(() => aws.inputs("ecs:RunTask").length > 12);
  assertEquals(aws.inputs("ec2:RunInstances").length, 2);
  aws.join();
  await run.until(() => aws.tasks.size === 3);
});

Deno.test("while there is room elsewhere no instance is started", async () => {
  const aws = new FakeAws();
  await using run = await onTwoInstances(aws);
  aws.room = 2;
  await lose(aws, run, 0);
  await run.until(() => aws.tasks.size === 3);
  assertEquals(aws.inputs("ec2:RunInstances").length, 1);
});

Deno.test("a replacement that was not answered is not started twice: the same call is made again", async () => {
  const aws = new FakeAws();
  await using run = await onTwoInstances(aws);
  aws.next("ec2:RunInstances", lost);
  await lose(aws, run, 0);
  await run.until(() => aws.inputs("ec2:RunInstances").length === 3);
  const [, second, third] = aws.inputs("ec2:RunInstances");
  assertEquals(third, second);
});

Deno.test("a replacement that AWS refuses for good is told once, and the run goes on with the instance that is left", async () => {
  const aws = new FakeAws();
  await using run = await onTwoInstances(aws);
  aws.next("ec2:RunInstances", () => {
    throw awsError("VcpuLimitExceeded", "You have requested more vCPU capacity than your limit");
  }, 1000);
  await lose(aws, run, 0);
  await run.until(() => aws.inputs("ecs:RunTask").length > 8);
  assertEquals(aws.inputs("ec2:RunInstances").length, 2);
  const lines = run.notices.filter((line) => line.includes("No more instances are started"));
  assertEquals(lines.length, 1);
  assertStringIncludes(lines[0]!, "AWS refused 'ec2:RunInstances': VcpuLimitExceeded");
  assertEquals(run.register.things.filter(({ type }) => type === "ec2-instances").length, 1);
  assertEquals(run.fleet.workers().map(({ state }) => state), ["queued", "running"]);
});

Deno.test("without any instance left, and none to come, the run ends with the reason", async () => {
  const aws = new FakeAws();
  await using run = await onTwoInstances(aws);
  aws.next("ec2:RunInstances", () => {
    throw awsError(
      "UnauthorizedOperation",
      "User: u is not authorized to perform: ec2:RunInstances on resource: r because x",
    );
  }, 1000);
  for (const id of aws.instances.keys()) aws.terminate(id);
  run.fleet.check!(0);
  await run.until(() => run.fleet.workers().every(({ state }) => state === "ended"));
  assertEquals(await run.fleet.replace(0, signal), { replaced: true });
  const failure = String(await run.failure);
  assertStringIncludes(failure, "There is no instance left in the cluster 'cluster'");
  assertStringIncludes(failure, "AWS denies 'ec2:RunInstances' on the resource 'r'");
  await run.fleet.stop({ finished: false });
  assertEquals([aws.left(), run.register.things], [[], []]);
});

Deno.test("instances that keep ending before any worker connects are not replaced for ever", async () => {
  const aws = new FakeAws();
  await using run = await onTwoInstances(aws);
  let isOver = false;
  const failing = run.failure.finally(() => isOver = true);
  for (const id of aws.instances.keys()) aws.terminate(id);
  run.fleet.check!(0);
  await run.until(() => run.fleet.workers().every(({ state }) => state === "ended"));
  assertEquals(await run.fleet.replace(0, signal), { replaced: true });
  while (!isOver) {
    for (const [id, { state }] of aws.instances) {
      if (state === "running") aws.terminate(id, "Client.UserInitiated");
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  assertStringIncludes(
    String(await failing),
    "more than 4 ended since a worker last connected; 'i-",
  );
  assertEquals(aws.instances.size, 6, "the two, and twice two in their place");
});

Deno.test("what can't be looked at is not taken for ended", async () => {
  const aws = new FakeAws();
  await using run = await onTwoInstances(aws);
  aws.next("ec2:DescribeInstances", () => {
    throw awsError("UnauthorizedOperation", "not authorized to perform: ec2:DescribeInstances");
  }, 1000);
  await lose(aws, run, 0);
  await run.until(() => aws.inputs("ecs:RunTask").length > 8);
  assertEquals(aws.inputs("ec2:RunInstances").length, 1);
  assert(run.fleet.workers()[0]!.reason!.includes("RESOURCE:MEMORY"));
});
