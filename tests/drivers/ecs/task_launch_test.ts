import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { AwsError } from "../../../drivers/aws/aws_error.ts";
import { awsError, FakeAws, lost } from "./fake_aws.ts";
import { HeldRun, MemoryRegister } from "./held_run.ts";

const arns = (aws: FakeAws) => [...aws.tasks.keys()];

Deno.test("25 workers are started by ten a call, each call with a token of its own", async () => {
  const aws = new FakeAws();
  await using run = await HeldRun.start(aws, { workers: 25 });
  await run.until(() => aws.tasks.size === 25);
  const calls = aws.inputs("ecs:RunTask");
  assertEquals(calls.map(({ count }) => count), [10, 10, 5]);
  assertEquals(new Set(calls.map(({ clientToken }) => clientToken)).size, 3);
  assertEquals(new Set(calls.map(({ startedBy }) => startedBy)), new Set(["run-1"]));
  const cluster = calls[0]!.cluster;
  assertEquals(run.notices, [`CW_ECS: started 25 tasks, run run-1; cluster '${cluster}' in us-east-1`]);
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
  const started = Promise.withResolvers<HeldRun>();
  const early: (readonly [number, string])[] = [];
  aws.next("ecs:RunTask", async (_, next) => {
    const answer = next();
    early.push([(await started.promise).connect(arns(aws)[1]!), arns(aws)[1]!]);
    return answer;
  });
  await using run = await HeldRun.start(aws, { workers: 3 });
  started.resolve(run);
  await run.until(() => run.fleet.workers().every(({ nativeId }) => nativeId !== undefined));
  assertEquals(run.fleet.workers().map(({ nativeId }) => nativeId).toSorted(), arns(aws).toSorted());
  const [worker, arn] = early[0]!;
  assertEquals(run.fleet.workers()[worker]?.nativeId, arn);
  assertEquals(aws.inputs("ecs:StopTask"), []);
});

Deno.test("if an unanswered call had started tasks, those too many are stopped", async () => {
  const aws = new FakeAws();
  const started = Promise.withResolvers<HeldRun>();
  aws.next("ecs:RunTask", async (_, next) => {
    next();
    (await started.promise).connect(arns(aws)[0]!);
    return lost();
  });
  await using run = await HeldRun.start(aws);
  started.resolve(run);
  // This AWS does not know tokens, so that the repetition starts another.
  await run.until(() => aws.inputs("ecs:StopTask").length === 1);
  assertEquals(aws.inputs("ecs:StopTask")[0].task, arns(aws)[1]);
  assertEquals(run.fleet.workers(), [{ worker: 0, state: "running", nativeId: arns(aws)[0]! }]);
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
  const [warning, ...others] = run.notices;
  assertMatch(warning!, /does not let 'ecs:CreateCluster' tag/);
  assertEquals(others.map((line) => /started task/.test(line)), [true]);
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
