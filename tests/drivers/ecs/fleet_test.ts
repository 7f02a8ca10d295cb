import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { ConfigError, TimeoutExceededError } from "../../../core/errors.ts";
import { AwsError } from "../../../drivers/aws/aws_error.ts";
import { awsError, FakeAws, lost } from "./fake_aws.ts";
import { EXTRA_PARAMS, HeldRun, MemoryRegister } from "./held_run.ts";

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

Deno.test("25 workers are started by ten a call, each call with a token of its own", async () => {
  const aws = new FakeAws();
  await using run = await HeldRun.start(aws, { workers: 25 });
  await run.until(() => aws.tasks.size === 25);
  const calls = aws.inputs("ecs:RunTask");
  assertEquals(calls.map(({ count }) => count), [10, 10, 5]);
  assertEquals(new Set(calls.map(({ clientToken }) => clientToken)).size, 3);
  assertEquals(new Set(calls.map(({ startedBy }) => startedBy)), new Set(["run-1"]));
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

Deno.test("of ten tasks seven are started: they are kept, and three are asked for again with another token", async () => {
  const aws = new FakeAws();
  aws.next("ecs:RunTask", (call, next) => {
    call.input.count = 7;
    const answer = next() as object;
    return { ...answer, failures: [{ reason: "RESOURCE:MEMORY", arn: "ci/1" }] };
  });
  await using run = await HeldRun.start(aws, { workers: 10 });
  await run.until(() => aws.tasks.size === 10);
  const [first, second] = aws.inputs("ecs:RunTask");
  assertEquals([second.count, aws.inputs("ecs:RunTask").length], [3, 2]);
  assertNotEquals(first.clientToken, second.clientToken);
  const queued = run.events.filter((event) => event.type === "queued");
  assertEquals(queued.map(({ worker }) => worker), [7, 8, 9]);
  assertStringIncludes(queued[0]!.reason, "RESOURCE:MEMORY");
  assertEquals(new Set(run.fleet.workers().map(({ nativeId }) => nativeId)).size, 10);
});

Deno.test("a throttled call is made again with another token, an unanswered one with the same", async () => {
  const aws = new FakeAws();
  // The last that is added is asked first.
  aws.next("ecs:RunTask", lost, 2);
  aws.next("ecs:RunTask", () => {
    throw awsError("ThrottlingException", "Rate exceeded");
  });
  await using run = await HeldRun.start(aws);
  await run.until(() => aws.tasks.size === 1);
  const tokens = aws.inputs("ecs:RunTask").map(({ clientToken }) => clientToken);
  assertEquals(tokens.length, 4);
  assertNotEquals(tokens[0], tokens[1]);
  assertEquals([tokens[2], tokens[3]], [tokens[1], tokens[1]]);
});

Deno.test("a worker that is faster than the answer to its call keeps its number, and no task is left over", async () => {
  const aws = new FakeAws();
  const held: { run?: HeldRun } = {};
  const early: (readonly [number, string])[] = [];
  aws.next("ecs:RunTask", async (_, next) => {
    const answer = next();
    await new Promise((resolve) => setTimeout(resolve, 20));
    early.push([held.run!.connect(arns(aws)[1]!), arns(aws)[1]!]);
    return answer;
  });
  await using run = await HeldRun.start(aws, { workers: 3 });
  held.run = run;
  await run.until(() => run.fleet.workers().every(({ nativeId }) => nativeId !== undefined));
  assertEquals(run.fleet.workers().map(({ nativeId }) => nativeId).toSorted(), arns(aws).toSorted());
  const [worker, arn] = early[0]!;
  assertEquals(run.fleet.workers()[worker]?.nativeId, arn);
  assertEquals(aws.inputs("ecs:StopTask"), []);
});

Deno.test("if an unanswered call had started tasks, those too many are stopped", async () => {
  const aws = new FakeAws();
  const held: { run?: HeldRun } = {};
  aws.next("ecs:RunTask", async (_, next) => {
    next();
    await new Promise((resolve) => setTimeout(resolve, 20));
    held.run!.connect(arns(aws)[0]!);
    return lost();
  });
  await using run = await HeldRun.start(aws);
  held.run = run;
  // This AWS does not know tokens, so that the repetition starts another.
  await run.until(() => aws.inputs("ecs:StopTask").length === 1);
  assertEquals(aws.inputs("ecs:StopTask")[0].task, arns(aws)[1]);
  assertEquals(run.fleet.workers(), [{ worker: 0, state: "running", nativeId: arns(aws)[0]! }]);
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

Deno.test("where tagging is denied one warning is given, and everything is made without tags and found again", async () => {
  const aws = new FakeAws();
  aws.answers.push(({ input }, next) => {
    if (input.tags?.length > 0) {
      throw awsError(
        "AccessDeniedException",
        "User: u is not authorized to perform: ecs:TagResource on resource: *",
      );
    }
    return next();
  });
  await using run = await HeldRun.start(aws);
  await run.until(() => aws.tasks.size === 1);
  assertEquals(run.notices.length, 1);
  assertMatch(run.notices[0]!, /does not let 'ecs:CreateCluster' tag/);
  assertEquals(aws.inputs("ecs:RunTask").map(({ tags, propagateTags }) => tags ?? propagateTags), [
    undefined,
  ]);
  await run.fleet.stop({ finished: false });
  assertEquals(aws.left(), []);
});

Deno.test("a denied call fails the run with that very error, and nothing of it remains", async () => {
  const denial =
    "User: u is not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/r because x";
  const aws = new FakeAws();
  aws.next("ecs:RunTask", () => {
    throw awsError("AccessDeniedException", denial);
  });
  await using run = await HeldRun.start(aws, { workers: 12 });
  const failure = await run.failure;
  assertInstanceOf(failure, AwsError);
  assertStringIncludes(String(failure), "'iam:PassRole' on the role 'arn:aws:iam::1:role/r'");
  await run.fleet.stop({ finished: false });
  assertEquals(aws.left(), []);

  const early = new FakeAws();
  early.next("ecs:RegisterTaskDefinition", () => {
    throw awsError("AccessDeniedException", denial);
  });
  const register = new MemoryRegister();
  await assertRejects(() => HeldRun.start(early, { register }), AwsError, "role 'arn:aws:iam::1:role/r'");
  assertEquals([early.left(), register.things, early.destroyed], [[], [], 1]);
});

Deno.test("a failure that does not pass costs only the workers that it concerns", async () => {
  const aws = new FakeAws();
  aws.next("ecs:RunTask", (call, next) => {
    call.input.count = 1;
    return { ...next() as object, failures: [{ reason: "ATTRIBUTE", detail: "ecs.capability.x" }] };
  });
  await using run = await HeldRun.start(aws, { workers: 2 });
  const refused = await run.news("refused");
  assertEquals(refused.worker, 1);
  assertStringIncludes(refused.reason, "ATTRIBUTE ecs.capability.x");
  assertEquals(run.fleet.workers().map(({ state }) => state), ["queued", "ended"]);
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

Deno.test("a task that ends is explained once, and another comes in its place", async () => {
  const aws = new FakeAws();
  await using run = await HeldRun.start(aws);
  const first = await run.until(() => run.fleet.workers()[0]?.nativeId);
  run.connect(first);
  aws.end(first, { stopCode: "SpotInterruption", stoppedReason: "Your Spot Task was interrupted." }, 0);
  run.fleet.check!(0);
  const ended = await run.news("ended");
  assertEquals([ended.cause, ended.exitCode], ["preempted", 0]);
  assertStringIncludes(ended.logTail!, "Your Spot Task was interrupted.");
  assertEquals(await run.fleet.replace(0, new AbortController().signal), { replaced: true });
  const second = await run.until(() => arns(aws)[1]);
  await run.until(() => run.fleet.workers()[0]?.nativeId === second);
  assertEquals(run.connect(second), 0);
  assertEquals(run.events.filter(({ type }) => type === "ended").length, 1);
});

Deno.test("the old task is stopped before another takes its place", async () => {
  const aws = new FakeAws();
  await using run = await HeldRun.start(aws);
  const first = await run.until(() => run.fleet.workers()[0]?.nativeId);
  assertEquals(await run.fleet.replace(0, new AbortController().signal), { replaced: true });
  assertEquals(aws.tasks.get(first)?.lastStatus, "STOPPED");
  assertEquals((await run.news("ended")).cause, "cancelled");
});

Deno.test("a task that is missing has ended only when it is old and was missing twice, some time apart", async () => {
  const aws = new FakeAws();
  await using run = await HeldRun.start(aws);
  const arn = await run.until(() => run.fleet.workers()[0]?.nativeId);
  const startedMs = performance.now();
  aws.tasks.delete(arn);
  const ended = await run.news("ended");
  assert(performance.now() - startedMs > 120, "before it is 100 ms old, and 60 ms after that");
  assertEquals(ended.cause, "unknown");
});

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

Deno.test("workers that are done end by themselves; who leaves an error behind is reported", async () => {
  const aws = new FakeAws();
  await using run = await HeldRun.start(aws, { workers: 2 });
  await run.until(() => run.fleet.workers().every(({ nativeId }) => nativeId !== undefined));
  const [first, second] = arns(aws);
  const stopping = run.fleet.stop({ finished: true });
  aws.end(first!, { stopCode: "EssentialContainerExited" }, 0);
  aws.end(second!, {
    stopCode: "EssentialContainerExited",
    stoppedReason: "Essential container in task exited",
  }, 1);
  const reports = await stopping;
  assertEquals(reports.map(({ worker, nativeId }) => [worker, nativeId]), [[1, second]]);
  assertStringIncludes(reports[0]!.text, "container 'c' exited with 1");
  assertEquals(aws.inputs("ecs:StopTask"), []);
  assertEquals(aws.left(), []);
});

Deno.test("a cluster is deleted once what was in it has gone", async () => {
  const aws = new FakeAws();
  aws.next("ecs:DeleteCluster", () => {
    throw awsError("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.");
  }, 3);
  await using run = await HeldRun.start(aws);
  await run.fleet.stop({ finished: false });
  assertEquals(aws.inputs("ecs:DeleteCluster").length, 4);
  assertEquals(aws.left(), []);
});

Deno.test("what can't be removed is named, and stays in the register", async () => {
  const aws = new FakeAws();
  aws.next("ecs:DeleteCluster", () => {
    throw awsError(
      "AccessDeniedException",
      "User: u is not authorized to perform: ecs:DeleteCluster on resource: c",
    );
  }, 1000);
  await using run = await HeldRun.start(aws);
  await run.fleet.stop({ finished: false });
  assert(run.notices.some((line) => line.includes("ECS cluster cluster")));
  assertEquals(run.register.things.map(({ type }) => type), ["ecs-cluster"]);
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

for (const action of ["ecs:ListTasks", "ecs:DescribeTasks", "ecs:ListTaskDefinitions"] as const) {
  Deno.test(`a run that may not call ${action} still removes what it knows of`, async () => {
    const aws = new FakeAws();
    aws.next(action, () => {
      throw awsError(
        "AccessDeniedException",
        `User: u is not authorized to perform: ${action} on resource: x`,
      );
    }, 1000);
    await using run = await HeldRun.start(aws, { workers: 2 });
    await run.until(() => run.fleet.workers().every(({ nativeId }) => nativeId !== undefined));
    await run.fleet.stop({ finished: false });
    assertEquals([aws.left(), run.register.things], [[], []]);
  });
}

Deno.test("once AWS will start no task any more, no worker is promised", async () => {
  const aws = new FakeAws();
  await using run = await HeldRun.start(aws, { workers: 2 });
  await run.until(() => run.fleet.workers().every(({ nativeId }) => nativeId !== undefined));
  aws.next("ecs:RunTask", () => {
    throw awsError(
      "AccessDeniedException",
      "User: u is not authorized to perform: ecs:RunTask on resource: x",
    );
  }, 1000);
  const signal = new AbortController().signal;
  await run.fleet.replace(0, signal);
  const refused = await run.news("refused");
  assertEquals(refused.worker, 0);
  assertStringIncludes(refused.reason, "AWS denies 'ecs:RunTask'");
  const answer = await run.fleet.replace(0, signal);
  assert(!answer.replaced && answer.reason === refused.reason);
  assertEquals(await run.fleet.grow!(1, signal), { added: 0, reason: refused.reason });
});

Deno.test("overrides that are too long are refused before anything is made", async () => {
  const aws = new FakeAws();
  const environment = [{ name: "A", value: "x".repeat(8000) }];
  const extraParams = { ...EXTRA_PARAMS, run_task: { overrides: { containerOverrides: [{ environment }] } } };
  await assertRejects(() => HeldRun.start(aws, { extraParams }), ConfigError, "AWS takes 8192");
  assertEquals(aws.calls, []);
});
