/** The least policies of the docs: no wider than IAM lets them be, and no narrower than runs need. */
import { assert, assertEquals } from "@std/assert";
import { CW_ECS } from "../../../core/kinds.ts";
import { FakeAws, type FakeCall } from "../ecs/fake_aws.ts";
import { HeldRun } from "../ecs/held_run.ts";
import { allowedActions, faultsOf, isAllowed, policiesIn, type Policy, type Request } from "./policy.ts";
import { ACTIONS } from "./service_authorization.ts";

const ROOT = new URL("../../../", import.meta.url);
const ARN = "arn:aws:ecs:eu-west-1:123456789012";
const EC2 = "arn:aws:ec2:eu-west-1:123456789012";
const RUN_TAG = "aws:RequestTag/blockfleet:run";

async function read(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(path, ROOT));
}

const ecsPage = await read("docs/ecs.md");
const [fargate, privateCluster] = policiesIn(ecsPage) as [Policy, Policy];
const [batch] = policiesIn(await read("docs/aws_batch.md")) as [Policy];

/** The actions that the drivers call, from their very text. */
async function calledActions(): Promise<string[]> {
  const text = await read("drivers/aws/api.ts");
  const api = [...text.matchAll(/^ {2}"([a-z0-9]+:[A-Za-z]+)": AwsCall</gm)].map(([, action]) => action!);
  const sources = await Promise.all(
    ["aws", "aws_batch", "ecs"].flatMap((folder) =>
      [...Deno.readDirSync(new URL(`drivers/${folder}/`, ROOT))]
        .filter(({ name }) => name.endsWith(".ts") && name !== "api.ts")
        .map(({ name }) => read(`drivers/${folder}/${name}`))
    ),
  );
  const calls = sources.join("\n");
  const unused = api.filter((action) => !new RegExp(`(?:call|send)\\(\\s*"${action}"`).test(calls));
  assertEquals(unused, [], "actions that nobody calls");
  return api.toSorted();
}

for (const [name, policy] of Object.entries({ fargate, privateCluster, batch })) {
  Deno.test(`the policy ${name} allows nothing that could be narrowed further`, () => {
    assertEquals(faultsOf(policy), []);
  });
}

Deno.test("what is too wide is seen: everything, any of a type, a resource of the wrong type, an unknown action", () => {
  const statement = (Action: string, Resource: string, Condition?: object) => ({
    Version: "2012-10-17",
    Statement: [{ Sid: "s", Effect: "Allow", Action, Resource, ...Condition && { Condition } }],
  } as Policy);
  const tagged = { Null: { "aws:ResourceTag/blockfleet:run": "false" } };
  const wide: readonly (readonly [Policy, number])[] = [
    [statement("ecs:StopTask", "*"), 2],
    [statement("ecs:DescribeTasks", "*"), 1],
    [statement("ec2:TerminateInstances", `${EC2}:instance/*`), 1],
    [statement("ec2:TerminateInstances", `${EC2}:instance/*`, tagged), 0],
    [statement("ecs:DeleteCluster", `${ARN}:task/blockfleet_*`), 1],
    [statement("ecs:ListTaskDefinitions", `${ARN}:task-definition/blockfleet_*`), 1],
    [statement("ecs:DeleteEverything", "*"), 1],
    [statement("ecs:DeregisterTaskDefinition", "*"), 1],
  ];
  for (const [policy, faults] of wide) assertEquals(faultsOf(policy).length, faults, JSON.stringify(policy));
});

Deno.test("every action that the drivers call is in a policy, and each policy has no other", async () => {
  const called = await calledActions();
  const depends = ["batch:TagResource", "ec2:CreateTags", "ecs:TagResource", "iam:PassRole"];
  // Only a cleanup of a run that is in no register lists clusters, which the page says.
  const needed = [...called.filter((action) => action !== "ecs:ListClusters"), ...depends].toSorted();
  assertEquals(allowedActions([fargate, privateCluster, batch]), needed);
  assert(ecsPage.includes("needs `ecs:ListClusters` on `*`"));
  assertEquals([...called, ...depends].filter((action) => !ACTIONS[action]), []);
});

/** Whose tag an EC2 instance of the fake has. */
function instanceTags(aws: FakeAws, id: string): Record<string, string> {
  const tags = aws.instances.get(id)!.tags as { Key: string; Value: string }[];
  return Object.fromEntries(tags.map(({ Key, Value }) => [`aws:ResourceTag/${Key}`, Value]));
}

function last(name: string): string {
  return name.split("/").at(-1)!;
}

/** What IAM is asked when a call is made. */
function requestsOf({ action, input }: FakeCall, aws: FakeAws): Request[] {
  const tags: Record<string, string> = Object.fromEntries(
    (input.tags ?? []).map(({ key, value }: Record<string, string>) => [`aws:RequestTag/${key}`, value]),
  );
  const region = { "aws:RequestedRegion": "eu-west-1", "ec2:Region": "eu-west-1" };
  const cluster = `${ARN}:cluster/${
    last(input.cluster ?? input.clusterName ?? input.clusters?.[0] ?? "default")
  }`;
  const on = (resource: string, context: Record<string, string> = {}): Request => ({
    action,
    resource,
    context: { ...region, ...tags, "ecs:cluster": cluster, ...context },
  });
  const alsoTags = (resource: string, key: string, of = "ecs:TagResource") => ({
    action: of,
    resource,
    context: { ...region, ...tags, [key]: action.split(":")[1]! },
  });
  const pass = (role: string, service: string) => ({
    action: "iam:PassRole",
    resource: role,
    context: { "iam:PassedToService": service },
  });
  switch (action) {
    case "ecs:CreateCluster":
      return [on(cluster), alsoTags(cluster, "ecs:CreateAction")];
    case "ecs:DescribeClusters":
    case "ecs:DeleteCluster":
    case "ecs:ListContainerInstances":
    case "ecs:DeregisterContainerInstance":
      return [on(cluster)];
    case "ecs:DescribeContainerInstances":
      return [on(`${ARN}:container-instance/${last(cluster)}/1`)];
    case "ecs:RegisterTaskDefinition": {
      const definition = `${ARN}:task-definition/${input.family}:1`;
      const roles = [input.taskRoleArn, input.executionRoleArn].map((role) =>
        pass(role, "ecs-tasks.amazonaws.com")
      );
      return [on(definition), alsoTags(definition, "ecs:CreateAction"), ...roles];
    }
    case "ecs:DeleteTaskDefinitions":
      return [on(`${ARN}:task-definition/${last(input.taskDefinitions[0])}`)];
    case "ecs:RunTask":
      return [
        on(`${ARN}:task-definition/${last(input.taskDefinition)}`),
        alsoTags(`${ARN}:task/${last(cluster)}/1`, "ecs:CreateAction"),
      ];
    case "ecs:StopTask":
    case "ecs:DescribeTasks":
      return [on(`${ARN}:task/${last(cluster)}/${last(input.task ?? input.tasks[0])}`)];
    case "ec2:RunInstances": {
      const tagsOf = (type: string) =>
        Object.fromEntries(
          input.TagSpecifications
            .find(({ ResourceType }: Record<string, string>) => ResourceType === type).Tags
            .map(({ Key, Value }: Record<string, string>) => [`aws:RequestTag/${Key}`, Value]),
        );
      const subnet = `${EC2}:subnet/${input.SubnetId}`;
      return [
        on(`arn:aws:ec2:eu-west-1::image/${input.ImageId}`),
        on(subnet),
        ...input.SecurityGroupIds.map((id: string) => on(`${EC2}:security-group/${id}`)),
        on(`${EC2}:network-interface/*`, { "ec2:Subnet": subnet }),
        ...["instance", "volume"].flatMap((type) => [
          on(`${EC2}:${type}/*`, tagsOf(type)),
          alsoTags(`${EC2}:${type}/*`, "ec2:CreateAction", "ec2:CreateTags"),
        ]),
        pass(input.IamInstanceProfile.Arn.replace("instance-profile", "role"), "ec2.amazonaws.com"),
      ];
    }
    case "ec2:TerminateInstances":
      return input.InstanceIds.map((id: string) => on(`${EC2}:instance/${id}`, instanceTags(aws, id)));
    case "logs:GetLogEvents": {
      const { logGroupName: group, logStreamName: stream } = input;
      return [on(`arn:aws:logs:eu-west-1:123456789012:log-group:${group}:log-stream:${stream}`)];
    }
    default:
      return [on("*")];
  }
}

/** A run by the page's own example: its tasks start, one ends in trouble and is replaced, and all is removed. */
async function runCalls(heading: string): Promise<{ calls: FakeCall[]; aws: FakeAws }> {
  const [, text] = new RegExp(`## ${heading}[^]*?\`\`\`json\\n([^]*?)\`\`\``).exec(ecsPage)!;
  const example = text!.replace(/^ {3}/gm, "");
  const aws = new FakeAws();
  const extraParams = { ...JSON.parse(example), cloudwatchLogGroup: "blockfleet" };
  const isPrivate = extraParams.helper === "private-cluster";
  if (isPrivate) aws.room = 2;
  await using run = await HeldRun.start(aws, { extraParams, workers: 2 });
  if (isPrivate) {
    await run.until(() => aws.instances.size > 0);
    aws.join();
  }
  const arn = await run.until(() =>
    run.fleet.workers().every(({ nativeId }) => nativeId) && [...aws.tasks.keys()][0]
  );
  run.connect(arn);
  aws.end(arn, { stopCode: "EssentialContainerExited" }, 1);
  await run.news("ended");
  assertEquals(await run.fleet.replace(0, new AbortController().signal), { replaced: true });
  await run.until(() => aws.tasks.size === 3);
  await run.fleet.stop({ finished: false });
  assertEquals(aws.left(), []);
  return { calls: [...aws.calls], aws };
}

const RUNS: readonly (readonly [string, readonly Policy[]])[] = [
  ["Fargate, step by step", [fargate]],
  ["A private cluster, step by step", [fargate, privateCluster]],
];
for (const [heading, policies] of RUNS) {
  Deno.test(`${CW_ECS}: all that a run by the page's example calls (${heading}) is allowed by the page's policy`, async () => {
    const { calls, aws } = await runCalls(heading);
    const requests = calls.flatMap((call) => requestsOf(call, aws));
    assert(requests.length > 20, `${requests.length} requests`);
    assertEquals(requests.filter((request) => !isAllowed(policies, request)), []);
  });
}

Deno.test("what is another's can't be stopped, deleted, terminated, tagged, passed on or read", () => {
  const tag = { [RUN_TAG]: "r" };
  const requests: Request[] = [
    { action: "ecs:DeleteCluster", resource: `${ARN}:cluster/production` },
    { action: "ecs:DescribeClusters", resource: `${ARN}:cluster/production` },
    { action: "ecs:CreateCluster", resource: `${ARN}:cluster/production`, context: tag },
    { action: "ecs:CreateCluster", resource: `${ARN}:cluster/blockfleet_x_cluster` },
    { action: "ecs:StopTask", resource: `${ARN}:task/production/1` },
    { action: "ecs:DescribeTasks", resource: `${ARN}:task/production/1` },
    {
      action: "ecs:RunTask",
      resource: `${ARN}:task-definition/blockfleet_x_task:1`,
      context: { "ecs:cluster": `${ARN}:cluster/production` },
    },
    {
      action: "ecs:RunTask",
      resource: `${ARN}:task-definition/production:1`,
      context: { "ecs:cluster": `${ARN}:cluster/blockfleet_x_cluster` },
    },
    { action: "ecs:ListTasks", resource: "*", context: { "ecs:cluster": `${ARN}:cluster/production` } },
    { action: "ecs:DeleteTaskDefinitions", resource: `${ARN}:task-definition/production:1` },
    { action: "ecs:TagResource", resource: `${ARN}:cluster/blockfleet_x_cluster`, context: tag },
    { action: "ecs:DeregisterContainerInstance", resource: `${ARN}:cluster/production` },
    { action: "ecs:DescribeContainerInstances", resource: `${ARN}:container-instance/production/1` },
    {
      action: "ec2:TerminateInstances",
      resource: `${EC2}:instance/i-1`,
      context: { "aws:ResourceTag/Name": "db" },
    },
    { action: "ec2:CreateTags", resource: `${EC2}:instance/i-1`, context: tag },
    { action: "ec2:RunInstances", resource: `${EC2}:instance/*` },
    { action: "ec2:RunInstances", resource: `${EC2}:subnet/subnet-9`, context: tag },
    {
      action: "ec2:RunInstances",
      resource: `${EC2}:network-interface/*`,
      context: { "ec2:Subnet": `${EC2}:subnet/subnet-9` },
    },
    {
      action: "iam:PassRole",
      resource: "arn:aws:iam::123456789012:role/admin",
      context: { "iam:PassedToService": "ecs-tasks.amazonaws.com" },
    },
    {
      action: "iam:PassRole",
      resource: "arn:aws:iam::123456789012:role/blockfleet-task",
      context: { "iam:PassedToService": "lambda.amazonaws.com" },
    },
    {
      action: "logs:GetLogEvents",
      resource: "arn:aws:logs:eu-west-1:123456789012:log-group:production:log-stream:blockfleet/x",
    },
    { action: "batch:TerminateJob", resource: "arn:aws:batch:eu-west-1:123456789012:job/1" },
    {
      action: "batch:SubmitJob",
      resource: "arn:aws:batch:eu-west-1:123456789012:job-queue/production",
      context: tag,
    },
    {
      action: "cloudformation:DescribeStacks",
      resource: "arn:aws:cloudformation:eu-west-1:123456789012:stack/other/1",
    },
  ];
  assertEquals(requests.filter((request) => isAllowed([fargate, privateCluster, batch], request)), []);
});
