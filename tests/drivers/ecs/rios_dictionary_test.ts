/** Dictionaries that were written for RIOS: its worker gives way to ours, and the user hears of it. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ConfigError } from "../../../core/errors.ts";
import { makeDriver } from "../../../drivers/ecs/make_driver.ts";
import { FakeAws } from "./fake_aws.ts";
import { FAST, fleetSpec, HeldRun } from "./held_run.ts";

/** As RIOS's helper for Fargate makes them, in boto3's words. */
function riosParams(entryPoint: readonly string[]): Record<string, unknown> {
  return {
    create_cluster: { clusterName: "RIOS_x_cluster", tags: [{ key: "RIOS-cluster", value: "" }] },
    register_task_definition: {
      family: "RIOS_x_task",
      networkMode: "awsvpc",
      requiresCompatibilities: ["FARGATE"],
      cpu: "0.5 vCPU",
      memory: "1GB",
      containerDefinitions: [{ name: "RIOS_x_container", image: "image:1", entryPoint }],
    },
    run_task: {
      launchType: "FARGATE",
      cluster: "RIOS_x_cluster",
      taskDefinition: "RIOS_x_task",
      networkConfiguration: {
        awsvpcConfiguration: { assignPublicIp: "DISABLED", subnets: ["subnet-1"], securityGroups: ["sg-1"] },
      },
      overrides: { containerOverrides: [{ command: ["-i", "0"], name: "RIOS_x_container" }] },
    },
  };
}

const ENTRY_POINTS: readonly (readonly [readonly string[], readonly string[]])[] = [
  [["/usr/bin/env", "rios_computeworker"], ["/usr/bin/env", "blockfleet"]],
  [["/opt/conda/bin/rios_computeworker"], ["blockfleet"]],
  [["sh", "-c", 'exec /opt/rios/rios_computeworker.py "$@"', "_"], ["sh", "-c", 'exec blockfleet "$@"', "_"]],
  [["my_rios_computeworkers"], ["my_rios_computeworkers"]],
  [["python", "/app/worker.py"], ["python", "/app/worker.py"]],
];
for (const [given, used] of ENTRY_POINTS) {
  const isRios = given !== used && given.join() !== used.join();
  Deno.test(`the entry point ${given.join(" ")} becomes ${used.join(" ")}${isRios ? ", which is said" : ""}`, async () => {
    const aws = new FakeAws();
    await using run = await HeldRun.start(aws, { extraParams: riosParams(given) });
    const [{ containerDefinitions: [container] }] = aws.inputs("ecs:RegisterTaskDefinition");
    assertEquals(container.entryPoint, used);
    const told = run.notices.filter((line) => line.includes("rios_computeworker"));
    assertEquals(
      told,
      isRios
        ? [
          "register_task_definition: container 'RIOS_x_container' starts RIOS's rios_computeworker, so blockfleet is " +
          "started in its place: the image must have it (docs/ecs.md)",
        ]
        : [],
    );
    await run.until(() => run.fleet.workers()[0]?.nativeId);
    const [{ overrides: { containerOverrides: [override] } }] = aws.inputs("ecs:RunTask");
    assertEquals([override.name, override.command[0]], ["RIOS_x_container", "worker"]);
  });
}

Deno.test("a preview shows the entry point that will be used, and says why", async () => {
  const driver = makeDriver({ send: (region) => new FakeAws().in(region), times: FAST });
  const { steps } = await driver.preview!(fleetSpec(1, riosParams(["/usr/bin/env", "rios_computeworker"])));
  const { title, text } = steps.find(({ title }) => title.startsWith("ecs:RegisterTaskDefinition"))!;
  assertStringIncludes(title, "blockfleet is started in its place");
  assertEquals(JSON.parse(text).containerDefinitions[0].entryPoint, ["/usr/bin/env", "blockfleet"]);
});

Deno.test("a task definition that is there and starts RIOS's worker is refused, since a run can't change it", async () => {
  const aws = new FakeAws();
  aws.clusters.set("theirs", { status: "ACTIVE", tags: [] });
  const containerDefinitions = [{ name: "c", entryPoint: ["rios_computeworker"] }];
  aws.definitions.set("theirs:3", { status: "ACTIVE", body: { containerDefinitions } });
  const extraParams = { run_task: { cluster: "theirs", taskDefinition: "theirs:3" } };
  await assertRejects(
    () => HeldRun.start(aws, { extraParams }),
    ConfigError,
    "The task definition 'theirs:3' starts RIOS's rios_computeworker",
  );
  assertEquals(aws.inputs("ecs:RunTask"), []);
});

Deno.test("a deprecated option of a helper that is named in the dictionary is a notice of the run", async () => {
  const extraParams = {
    helper: "fargate",
    containerImage: "image:1",
    taskRoleArn: "arn:aws:iam::1:role/task",
    executionRoleArn: "arn:aws:iam::1:role/execution",
    subnets: ["subnet-1"],
    securityGroups: ["sg-1"],
    cloudwatchLogGroup: "logs",
  };
  const aws = new FakeAws();
  await using run = await HeldRun.start(aws, { extraParams });
  assertEquals(run.notices.filter((line) => line.includes("'subnets' is deprecated")).length, 1);
  const [{ containerDefinitions: [container] }] = aws.inputs("ecs:RegisterTaskDefinition");
  const { "awslogs-stream-prefix": prefix } = container.logConfiguration.options;
  assertEquals(/^blockfleet\/a_job-[0-9a-f]{8}$/.test(prefix), true, prefix);
});
