import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { RunSelector } from "../../../core/driver.ts";
import type { AwsAction } from "../../../drivers/aws/api.ts";
import { makeDriver } from "../../../drivers/ecs/make_driver.ts";
import { awsError, FakeAws } from "./fake_aws.ts";
import { EXTRA_PARAMS, FAST, HeldRun, MemoryRegister } from "./held_run.ts";

const WITH_INSTANCES = { ...EXTRA_PARAMS, run_instances: { ImageId: "ami-1", MinCount: 2, MaxCount: 2 } };

async function cleanup(aws: FakeAws, selector: Partial<RunSelector>) {
  return await makeDriver({ send: () => aws, times: FAST }).cleanup!({
    ...{ runs: [], dryRun: false, confirm: () => Promise.resolve(true) },
    ...selector,
  });
}

/** Another run's things, which look much like the run's. */
function addNeighbour(aws: FakeAws): string[] {
  const tags = [{ key: "blockfleet:run", value: "run-2" }];
  aws.clusters.set("cluster2", { status: "ACTIVE", tags });
  const body = {
    family: "family",
    containerDefinitions: [{ name: "c", dockerLabels: { "blockfleet.run": "run-2" } }],
    tags,
  };
  aws.definitions.set("arn:aws:ecs:us-east-1:1:task-definition/family:900", { status: "ACTIVE", body });
  const task = {
    taskArn: "arn:aws:ecs:us-east-1:1:task/cluster/901",
    startedBy: "run-2",
    lastStatus: "RUNNING",
  };
  aws.tasks.set(task.taskArn, { ...task, clusterName: "cluster", tags });
  const ec2Tags = [{ Key: "blockfleet:run", Value: "run-2" }];
  aws.instances.set("i-902", { state: "running", token: "theirs", joined: undefined, tags: ec2Tags });
  return aws.left();
}

/** A run whose manager is killed right after its first successful call of an action; what its register says then. */
async function killedAfter(aws: FakeAws, action: AwsAction | undefined): Promise<MemoryRegister> {
  const register = new MemoryRegister();
  const kept = new MemoryRegister();
  let isDead = false;
  const dead = () => awsError("InvalidParameterException", "this manager is dead");
  aws.answers.push((call, next) => {
    if (isDead) throw dead();
    const things = structuredClone(register.things);
    const answer = next();
    aws.join();
    if (call.action !== action) return answer;
    isDead = true;
    kept.things.push(...things);
    throw dead();
  });
  try {
    const run = await HeldRun.start(aws, { register, extraParams: WITH_INSTANCES, workers: 2 });
    await run.until(() => isDead || run.fleet.workers().every(({ nativeId }) => nativeId !== undefined));
    await run.fleet.stop({ finished: false });
  } catch (error) {
    if (!isDead) throw error;
  }
  aws.answers.pop();
  return kept;
}

for (const tags of ["with tags", "where tagging is denied"]) {
  const account = () => {
    const aws = new FakeAws();
    if (tags !== "with tags") {
      aws.answers.push(({ input }, next) => {
        if (!input.tags && !input.TagSpecifications) return next();
        throw awsError(
          "AccessDeniedException",
          "User: u is not authorized to perform: ecs:TagResource on resource: x",
        );
      });
    }
    return { aws, neighbour: addNeighbour(aws) };
  };
  Deno.test(`killed right after any call, ${tags}, a run is cleaned up to the last thing, and its neighbour is not touched`, async () => {
    const clean = account();
    await killedAfter(clean.aws, undefined);
    assertEquals(clean.aws.left(), clean.neighbour);
    const actions = new Set(clean.aws.actions());
    assert(actions.size >= 14, [...actions].join());
    for (const action of actions) {
      const { aws, neighbour } = account();
      const register = await killedAfter(aws, action);
      const report = await cleanup(aws, { runs: [register.run("run-1")] });
      assertEquals(aws.left(), neighbour, `after ${action}`);
      assertEquals([report.failed, register.things], [[], []], `after ${action}`);
    }
  });
}

Deno.test("what lists don't show yet is looked for once more", async () => {
  const aws = new FakeAws();
  const register = await killedAfter(aws, "ecs:RunTask");
  const untilMs = performance.now() + 30;
  aws.answers.push(({ action }, next) => {
    if (performance.now() > untilMs) return next();
    if (action === "ecs:ListTasks") return { taskArns: [] };
    if (action === "ec2:DescribeInstances") return { Reservations: [] };
    if (action === "ecs:ListTaskDefinitions") return { taskDefinitionArns: [] };
    if (action === "ecs:DescribeClusters") return { clusters: [], failures: [{ reason: "MISSING" }] };
    return next();
  });
  assert(aws.left().length > 0);
  await cleanup(aws, { runs: [register.run("run-1")] });
  assertEquals(aws.left(), []);
});

Deno.test("a dry run says what there is and touches nothing", async () => {
  const aws = new FakeAws();
  const register = await killedAfter(aws, "ecs:RunTask");
  const left = aws.left();
  const things = register.things.length;
  const { removed } = await cleanup(aws, { runs: [register.run("run-1")], dryRun: true });
  assertEquals(removed.length, left.length);
  assertEquals([aws.left(), register.things.length], [left, things]);
});

Deno.test("what can't be removed is reported, and stays in the register for another time", async () => {
  const aws = new FakeAws();
  const register = await killedAfter(aws, "ecs:RegisterTaskDefinition");
  aws.next("ecs:DeleteCluster", () => {
    throw awsError(
      "AccessDeniedException",
      "User: u is not authorized to perform: ecs:DeleteCluster on resource: c",
    );
  });
  const { failed } = await cleanup(aws, { runs: [register.run("run-1")] });
  assertStringIncludes(failed.join(), "ECS cluster cluster: AWS denies 'ecs:DeleteCluster'");
  assertEquals(register.things.map(({ type }) => type), ["ecs-cluster"]);
  await cleanup(aws, { runs: [register.run("run-1")] });
  assertEquals([aws.left(), register.things], [[], []]);
});

Deno.test("a cluster whose making no one has seen is left alone if it has another run's tag, or none", async () => {
  for (const tags of [[], [{ key: "blockfleet:run", value: "run-2" }]]) {
    const aws = new FakeAws();
    aws.clusters.set("cluster", { status: "ACTIVE", tags });
    const register = new MemoryRegister();
    await register.intend({
      type: "ecs-cluster",
      key: "cluster",
      data: { region: "us-east-1", tagged: true },
    });
    await cleanup(aws, { runs: [register.run("run-1")] });
    assertEquals(aws.left(), ["cluster"]);
  }
});

Deno.test("a run that is in no register is found by its tags, and removed only if the user says so", async () => {
  const aws = new FakeAws();
  const neighbour = addNeighbour(aws);
  await killedAfter(aws, "ecs:RunTask");
  // The helpers' families begin so; others can't be told from a stranger's.
  const [arn, definition] = [...aws.definitions].at(-1)!;
  aws.definitions.delete(arn);
  aws.definitions.set(arn.replace("family", "blockfleet_family"), definition);
  const left = aws.left();
  const questions: string[] = [];
  const ask = (answer: boolean) => (question: string) => {
    questions.push(question);
    return Promise.resolve(answer);
  };
  const refused = await cleanup(aws, { unregistered: { runId: "run-1" }, confirm: ask(false) });
  assertEquals([refused.removed, aws.left()], [[], left]);
  await cleanup(aws, { unregistered: { jobName: "another job" }, confirm: ask(true) });
  assertEquals([questions.length, aws.left()], [1, left]);
  const { failed } = await cleanup(aws, { unregistered: { jobName: "a job" }, confirm: ask(true) });
  assertEquals([questions.length, failed, aws.left()], [2, [], neighbour]);
  for (const part of ["run-1", "ECS cluster cluster", "EC2 instance", "ECS task "]) {
    assertStringIncludes(questions[1]!, part);
  }
});

Deno.test("a search by tag that may look into our clusters alone finds what is there, and says that it looked no further", async () => {
  const aws = new FakeAws();
  const tags = [{ key: "blockfleet:run", value: "run-1" }];
  aws.clusters.set("blockfleet_x_cluster", { status: "ACTIVE", tags });
  aws.clusters.set("theirs", { status: "ACTIVE", tags: [] });
  aws.next("ecs:DescribeClusters", ({ input }, next) => {
    if (!input.clusters.includes("theirs")) return next();
    throw awsError(
      "AccessDeniedException",
      "not authorized to perform: ecs:DescribeClusters on resource: theirs",
    );
  }, 1000);
  const confirm = () => Promise.resolve(true);
  const report = await cleanup(aws, { unregistered: { runId: "run-1" }, confirm });
  assertEquals([report.removed, report.failed], [["ECS cluster blockfleet_x_cluster"], []]);
  assertStringIncludes(
    report.hint!,
    "ECS clusters whose names don't begin with blockfleet_ were not looked into",
  );
  assertEquals(aws.left(), ["theirs"]);
});

Deno.test("killed while an instance is started in the place of another, a run is cleaned up to the last one", async () => {
  const aws = new FakeAws();
  aws.room = 1;
  const kept = new MemoryRegister();
  const over = Promise.withResolvers<void>();
  await using run = await HeldRun.start(aws, { extraParams: WITH_INSTANCES, workers: 2 });
  aws.join();
  await run.until(() => aws.tasks.size === 2);
  aws.next("ec2:RunInstances", (_, next) => {
    kept.things.push(...structuredClone(run.register.things));
    const answer = next();
    return over.promise.then(() => answer);
  });
  aws.terminate([...aws.instances.keys()][0]!);
  assertEquals(await run.fleet.replace(0, new AbortController().signal), { replaced: true });
  await run.until(() => aws.running().length === 2);
  const report = await cleanup(aws, { runs: [kept.run("run-1")] });
  assertEquals([aws.left(), report.failed, kept.things], [[], [], []]);
  over.resolve();
});
