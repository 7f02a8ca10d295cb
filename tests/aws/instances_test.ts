import { assertEquals, assertMatch } from "@std/assert";
import { assertDone, assertNothingLeft, awsTest } from "./aws_case.ts";

/** More than half of what an instance of the account has, MiB: a worker has an instance of its own. */
const WHOLE_INSTANCE = 5000;

awsTest(
  "an instance that is terminated in mid-run is replaced, its worker goes on there, and no block is lost",
  async (given) => {
    const { account: { door, ecs, moto }, folder, essentials: { fargate, instances } } = given;
    const extraParams = {
      helper: "private-cluster",
      ...{ ...fargate, ...instances, numInstances: 3, memoryReservation: WHOLE_INSTANCE },
    };
    const gated = await folder.gatedNdvi();
    const begun = await folder.ndvi("replaced", { kind: "CW_ECS", extraParams, module: gated.module });
    const id = await gated.task(begun);
    const task = [...ecs.tasks.values()].find(({ taskArn }) => taskArn.endsWith(`/${id}`))!;
    const { containerInstances: [host] } = await moto.ecs("DescribeContainerInstances", {
      cluster: task.clusterArn,
      containerInstances: [task.containerInstanceArn],
    });
    await moto.query("ec2", "TerminateInstances", { "InstanceId.1": host.ec2InstanceId });
    const hosts = () =>
      new Set([...ecs.tasks.values()].map(({ containerInstanceArn }) => containerInstanceArn));
    const isOver = begun.outcome.then(() => true);
    while (hosts().size < 4 && !await Promise.race([isOver, pause(100)]));
    await gated.open();
    await assertDone(given, "replaced", begun);
    const { stderr } = await begun.outcome;
    assertMatch(
      stderr,
      new RegExp(`1 instance of the run ended; '${host.ec2InstanceId}': .*1 instance started in the place`),
    );
    const inputs = door.calls.filter(({ action }) => action === "RunInstances").map(({ input }) => input);
    assertEquals(inputs.map(({ MaxCount }) => MaxCount), ["3", "1"]);
    const { ClientToken: _, MinCount: __, MaxCount: ___, ...first } = inputs[0]!;
    const { ClientToken: ____, MinCount: _____, MaxCount: ______, ...second } = inputs[1]!;
    assertEquals(second, first, "the same parameters, user data and tags");
    assertEquals(hosts().size, 4, "the three, and the one in the place");
    await assertNothingLeft(given);
  },
);

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms));
}
