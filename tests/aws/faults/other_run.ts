/**
 * What another run has in the account, named and tagged as ours are, which nothing that we do may touch.
 *
 * @module
 */
import type { TestAccount } from "../account.ts";
import type { EcsEssentials } from "../ecs_network.ts";
import { xmlTexts } from "../moto_client.ts";

const RUN = "00000000-0000-4000-8000-000000000000";
const NAME = "blockfleet_other-00000000";

/** Another run's cluster, task definition, task and instance. */
export class OtherRun {
  readonly #account: TestAccount;
  readonly #instance: string;
  readonly #definition: string;
  readonly #task: string;

  private constructor(account: TestAccount, things: { instance: string; definition: string; task: string }) {
    this.#account = account;
    this.#instance = things.instance;
    this.#definition = things.definition;
    this.#task = things.task;
  }

  /** Makes them. */
  static async start(account: TestAccount, essentials: EcsEssentials["fargate"]): Promise<OtherRun> {
    const { moto } = account;
    const tags = [{ key: "blockfleet:run", value: RUN }];
    await moto.ecs("CreateCluster", { clusterName: `${NAME}_cluster`, tags });
    const { taskDefinition } = await moto.ecs("RegisterTaskDefinition", {
      family: `${NAME}_task`,
      networkMode: "awsvpc",
      containerDefinitions: [{
        name: `${NAME}_container`,
        image: essentials.containerImage,
        entryPoint: ["/bin/sleep"],
        command: ["100000"],
        memory: 64,
      }],
      tags,
    });
    const { tasks: [task] } = await moto.ecs("RunTask", {
      cluster: `${NAME}_cluster`,
      taskDefinition: `${NAME}_task`,
      launchType: "FARGATE",
      startedBy: RUN,
      networkConfiguration: {
        awsvpcConfiguration: { subnets: [essentials.subnet], securityGroups: essentials.securityGroups },
      },
      tags,
    });
    const reservation = await moto.query("ec2", "RunInstances", {
      ...{ ImageId: "ami-12c6146b", MinCount: "1", MaxCount: "1" },
      ...{ "TagSpecification.1.ResourceType": "instance", "TagSpecification.1.Tag.1.Key": "blockfleet:run" },
      "TagSpecification.1.Tag.1.Value": RUN,
    });
    return new OtherRun(account, {
      instance: xmlTexts(reservation, "instanceId")[0]!,
      definition: taskDefinition.taskDefinitionArn,
      task: task.taskArn,
    });
  }

  /** What is not as it was. */
  async missing(): Promise<string[]> {
    const { moto, ecs } = this.#account;
    const { clusters: [cluster] } = await moto.ecs("DescribeClusters", { clusters: [`${NAME}_cluster`] });
    const { taskDefinitionArns } = await moto.ecs("ListTaskDefinitions", { status: "ACTIVE" });
    const instances = await moto.query("ec2", "DescribeInstances", {
      "Filter.1.Name": "instance-state-name",
      "Filter.1.Value.1": "running",
    });
    return [
      ...cluster?.status === "ACTIVE" ? [] : ["cluster"],
      ...taskDefinitionArns.includes(this.#definition) ? [] : ["task definition"],
      ...ecs.tasks.get(this.#task)?.lastStatus === "RUNNING" ? [] : ["task"],
      ...xmlTexts(instances, "instanceId").includes(this.#instance) ? [] : ["instance"],
    ];
  }
}
