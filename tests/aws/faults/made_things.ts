/**
 * What was made through a door, by the account's own answers, and what of it is still there.
 *
 * @module
 */
import type { TestAccount } from "../account.ts";
import type { AwsCall, Middleware } from "../aws_call.ts";
import type { AwsProxy } from "../aws_proxy.ts";
import { xmlTexts } from "../moto_client.ts";

/** Things that were made. */
export class MadeThings {
  readonly #account: TestAccount;
  readonly #clusters = new Set<string>();
  readonly #definitions = new Set<string>();
  readonly #tasks = new Set<string>();
  readonly #instances = new Set<string>();
  readonly #jobs = new Set<string>();

  /** Notes what is made through `door` from now on, whatever middlewares are put before it later. */
  constructor(account: TestAccount, door: AwsProxy) {
    this.#account = account;
    door.use(this.#record);
  }

  /** What of it still costs money or stands in the account's lists, one line each. */
  async left(): Promise<string[]> {
    const { moto, ecs, batch } = this.#account;
    const left: string[] = [];
    if (this.#clusters.size > 0) {
      const { clusters } = await moto.ecs("DescribeClusters", { clusters: [...this.#clusters] });
      for (const { clusterName, status } of clusters) {
        if (status !== "INACTIVE") left.push(`cluster ${clusterName}`);
      }
    }
    for (const arn of this.#definitions) {
      const active = await moto.ecs("ListTaskDefinitions", { status: "ACTIVE" });
      if (active.taskDefinitionArns.includes(arn)) left.push(`task definition ${arn.split("/").at(-1)}`);
    }
    for (const arn of this.#tasks) {
      if (ecs.tasks.get(arn)?.lastStatus !== "STOPPED") left.push(`task ${arn.split("/").at(-1)}`);
    }
    if (this.#instances.size > 0) {
      const running = { "Filter.1.Name": "instance-state-name", "Filter.1.Value.1": "running" };
      const ids = xmlTexts(await moto.query("ec2", "DescribeInstances", running), "instanceId");
      left.push(...ids.filter((id) => this.#instances.has(id)).map((id) => `instance ${id}`));
    }
    for (const id of this.#jobs) {
      const own = [...batch.jobs.values()].filter(({ jobId }) => jobId === id || jobId.startsWith(`${id}:`));
      const live = own.filter(({ status }) => status !== "FAILED" && status !== "SUCCEEDED");
      left.push(...live.map(({ jobId }) => `job ${jobId}`));
      if (own.length === 0) left.push(`job ${id}`);
    }
    return left;
  }

  readonly #record: Middleware = async (call, next) => {
    const answer = await next(call);
    if (answer.status === 200) this.#note(call, answer.body);
    return answer;
  };

  #note({ action }: AwsCall, body: string): void {
    switch (action) {
      case "CreateCluster":
        this.#clusters.add(JSON.parse(body).cluster.clusterName);
        break;
      case "RegisterTaskDefinition":
        this.#definitions.add(JSON.parse(body).taskDefinition.taskDefinitionArn);
        break;
      case "RunTask":
        for (const { taskArn } of JSON.parse(body).tasks) this.#tasks.add(taskArn);
        break;
      case "RunInstances":
        for (const id of xmlTexts(body, "instanceId")) this.#instances.add(id);
        break;
      case "SubmitJob":
        this.#jobs.add(JSON.parse(body).jobId);
        break;
    }
  }
}
