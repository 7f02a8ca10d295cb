import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { awsError, FakeAws, lost } from "./fake_aws.ts";
import { EXTRA_PARAMS, HeldRun } from "./held_run.ts";

const logConfiguration = {
  logDriver: "awslogs" as const,
  options: { "awslogs-group": "logs", "awslogs-stream-prefix": "p", "awslogs-region": "eu-west-1" },
};
const EXITED = { stopCode: "EssentialContainerExited" as const };

/** Extra parameters whose container logs like that. */
function logging(configuration: object = logConfiguration): Record<string, unknown> {
  const { register_task_definition: definition } = EXTRA_PARAMS;
  const [container] = definition.containerDefinitions;
  return {
    ...EXTRA_PARAMS,
    register_task_definition: {
      ...definition,
      containerDefinitions: [{ ...container, logConfiguration: configuration }],
    },
  };
}

/** A run of one worker whose task has a stream. */
async function started(
  aws: FakeAws,
  extraParams = logging(),
  logMs = 100,
): Promise<{ run: HeldRun; arn: string; stream: string }> {
  const run = await HeldRun.start(aws, { extraParams, times: { logMs, logWorkedMs: logMs } });
  const arn = await run.until(() => run.fleet.workers()[0]?.nativeId);
  return { run, arn, stream: `p/c/${arn.split("/").at(-1)}` };
}

Deno.test("a worker that ends in trouble is told with the end of its log, and the key in it is not shown", async () => {
  const aws = new FakeAws();
  const { run, arn, stream } = await started(aws);
  await using _ = run;
  run.connect(arn);
  aws.logs.set(stream, ["starting", "BLOCKFLEET_KEY is c2VjcmV0, or not", "Error: boom"]);
  aws.end(arn, EXITED, 1);
  const { cause, exitCode, logTail } = await run.news("ended");
  assertEquals([cause, exitCode], ["exit", 1]);
  assertMatch(
    logTail!,
    /exited with 1; its log is stream 'p\/c\/\d+' of 'logs', which ends with:\nstarting\n/,
  );
  assertStringIncludes(logTail!, "BLOCKFLEET_KEY is ***, or not\nError: boom");
  assertEquals(run.fleet.workers()[0]?.reason, logTail);
  assertEquals(aws.regions, [undefined, "eu-west-1"], "logs have a region of their own");
});

Deno.test("an end that explains itself is told at once, and no log is asked for", async () => {
  for (
    const end of [
      { stopCode: "SpotInterruption" as const, stoppedReason: "Your Spot Task was interrupted." },
      { stopCode: "TaskFailedToStart" as const, stoppedReason: "CannotPullContainerError: not found" },
      { ...EXITED, stoppedReason: "Host EC2 (instance i-1) terminated." },
    ]
  ) {
    const aws = new FakeAws();
    const { run, arn } = await started(aws);
    await using _ = run;
    aws.end(arn, end);
    assertStringIncludes((await run.news("ended")).logTail!, end.stoppedReason);
    assertEquals(aws.inputs("logs:GetLogEvents"), [], end.stopCode);
    assertEquals(aws.regions, [undefined], "no client was made");
  }
});

Deno.test("a replacement does not wait for the log of the one before it", async () => {
  const aws = new FakeAws();
  aws.next("logs:GetLogEvents", () => new Promise(() => {}), 1000);
  const { run, arn } = await started(aws);
  await using _ = run;
  run.connect(arn);
  aws.end(arn, EXITED, 1);
  await run.until(() => run.fleet.workers()[0]?.state === "ended");
  assertEquals(await run.fleet.replace(0, new AbortController().signal), { replaced: true });
  await run.until(() => aws.tasks.size === 2);
  const ended = await run.news("ended");
  assertEquals(ended.nativeId, arn);
  assertMatch(ended.logTail!, /its log is stream 'p\/c\/\d+' of 'logs'$/);
});

Deno.test("the end of a run waits for no log, and tells what it has", async () => {
  const aws = new FakeAws();
  aws.next("logs:GetLogEvents", lost, 1_000_000);
  const { run, arn } = await started(aws, logging(), 60_000);
  await using _ = run;
  run.connect(arn);
  const stopping = run.fleet.stop({ finished: true });
  aws.end(arn, EXITED, 3);
  const beganMs = performance.now();
  const [report] = await stopping;
  assert(performance.now() - beganMs < 30_000, "a minute is what the log may take");
  assertStringIncludes(report!.text, "exited with 3; its log is stream 'p/c/");
  assertEquals([aws.left(), run.register.things], [[], []]);
});

Deno.test("a container without a prefix for its streams gets one with the job's name, and its log is found there", async () => {
  const aws = new FakeAws();
  const { run, arn } = await started(
    aws,
    logging({ logDriver: "awslogs", options: { "awslogs-group": "logs" } }),
  );
  await using _ = run;
  const [{ containerDefinitions: [container] }] = aws.inputs("ecs:RegisterTaskDefinition");
  assertEquals(container.logConfiguration.options["awslogs-stream-prefix"], "blockfleet/a_job");
  const stream = `blockfleet/a_job/c/${arn.split("/").at(-1)}`;
  aws.logs.set(stream, ["hello"]);
  aws.end(arn, EXITED, 0);
  assertStringIncludes(
    (await run.news("ended")).logTail!,
    `its log is stream '${stream}' of 'logs', which ends with:\nhello`,
  );
});

Deno.test("without a prefix in a task definition of the user's own a stream has Docker's id of the container for its name", async () => {
  const aws = new FakeAws();
  aws.clusters.set("theirs", { status: "ACTIVE", tags: [] });
  const log = { logDriver: "awslogs", options: { "awslogs-group": "logs" } };
  const containerDefinitions = [{ name: "c", logConfiguration: log }];
  aws.definitions.set("theirs:3", { status: "ACTIVE", body: { containerDefinitions } });
  const { run, arn } = await started(aws, { run_task: { cluster: "theirs", taskDefinition: "theirs:3" } });
  await using _ = run;
  aws.logs.set("docker-1", ["hello"]);
  aws.end(arn, EXITED, 0);
  aws.tasks.get(arn)!.containers![0]!.runtimeId = "docker-1";
  assertStringIncludes(
    (await run.news("ended")).logTail!,
    "its log is stream 'docker-1' of 'logs', which ends with:\nhello",
  );
});

Deno.test("a log that is not in CloudWatch is neither named nor asked for", async () => {
  const aws = new FakeAws();
  const { run, arn } = await started(
    aws,
    logging({ logDriver: "splunk", options: { "awslogs-group": "logs" } }),
  );
  await using _ = run;
  aws.end(arn, EXITED, 1);
  assertEquals((await run.news("ended")).logTail!.includes("log"), false);
  assertEquals(aws.inputs("logs:GetLogEvents"), []);
});

Deno.test("the log of a task definition of the user's own is looked up when it is needed, once", async () => {
  const aws = new FakeAws();
  aws.clusters.set("theirs", { status: "ACTIVE", tags: [] });
  const containerDefinitions = [{ name: "side" }, { name: "c", logConfiguration }];
  aws.definitions.set("theirs:3", { status: "ACTIVE", body: { containerDefinitions } });
  const overrides = { containerOverrides: [{ name: "c" }] };
  const extraParams = { run_task: { cluster: "theirs", taskDefinition: "theirs:3", overrides } };
  await using run = await HeldRun.start(aws, { extraParams, workers: 3 });
  await run.until(() => run.fleet.workers().every(({ nativeId }) => nativeId !== undefined));
  const [clean, ...failing] = [...aws.tasks.keys()];
  run.connect(clean!);
  aws.end(clean!, EXITED, 0);
  await run.news("ended");
  assertEquals(aws.inputs("ecs:DescribeTaskDefinition"), []);
  for (const arn of failing) {
    aws.logs.set(`p/c/${arn.split("/").at(-1)}`, ["boom"]);
    aws.end(arn, EXITED, 1);
  }
  const ends = await run.until(() => {
    const all = run.events.filter((event) => event.type === "ended" && event.exitCode === 1);
    return all.length === 2 && all;
  });
  for (const end of ends) {
    assertStringIncludes(end.type === "ended" ? end.logTail! : "", "which ends with:\nboom");
  }
  assertEquals(aws.inputs("ecs:DescribeTaskDefinition"), [{ taskDefinition: "theirs:3" }]);
});

Deno.test("if looking it up is denied, the end is told without a log", async () => {
  const aws = new FakeAws();
  aws.clusters.set("theirs", { status: "ACTIVE", tags: [] });
  aws.next("ecs:DescribeTaskDefinition", () => {
    throw awsError("AccessDeniedException", "not authorized to perform: ecs:DescribeTaskDefinition");
  }, 1000);
  const overrides = { containerOverrides: [{ name: "c" }] };
  const { run, arn } = await started(aws, {
    run_task: { cluster: "theirs", taskDefinition: "theirs:3", overrides },
  });
  await using _ = run;
  aws.end(arn, EXITED, 1);
  assertMatch((await run.news("ended")).logTail!, /exited with 1$/);
});
