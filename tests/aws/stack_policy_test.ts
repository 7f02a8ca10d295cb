/** The policies that the template of CW_AWSBATCH makes, as IAM holds them once the stack is there. */
import { assert, assertEquals } from "@std/assert";
import { allowedActions, faultsOf, isAllowed, policiesIn, type Policy } from "../drivers/aws/policy.ts";
import { TestAccount } from "./account.ts";
import { makeBatchStack, STACK } from "./batch_stack.ts";
import { type MotoClient, xmlTexts } from "./moto_client.ts";
import { motoMissing, REGION } from "./moto_server.ts";
import { workerImages } from "./worker_image.ts";

const missing = await motoMissing();
const PAGE = new URL("../../docs/aws_batch.md", import.meta.url);
const JOBS = `arn:aws:batch:${REGION}:123456789012:job`;

function document(xml: string, element: string): Policy {
  const text = decodeURIComponent(
    xmlTexts(xml, element)[0]!.replaceAll("&quot;", '"').replaceAll("&#39;", "'"),
  );
  // What CloudFormation made of a role's own policy moto gives as Python writes it.
  return JSON.parse(text.startsWith("{'") ? text.replaceAll("'", '"') : text);
}

/** The policy of that ARN. */
async function managedPolicy(moto: MotoClient, arn: string): Promise<Policy> {
  const described = await moto.query("iam", "GetPolicy", { PolicyArn: arn });
  const [version] = xmlTexts(described, "DefaultVersionId");
  return document(
    await moto.query("iam", "GetPolicyVersion", { PolicyArn: arn, VersionId: version! }),
    "Document",
  );
}

/** The policies that stand in the stack's roles, by the role's logical name. */
async function rolePolicies(
  moto: MotoClient,
  logicalName: string,
): Promise<{ own: Policy[]; attached: string[] }> {
  const roles = xmlTexts(await moto.query("iam", "ListRoles"), "RoleName");
  const role = roles.find((name) => name.includes(logicalName))!;
  const names = xmlTexts(await moto.query("iam", "ListRolePolicies", { RoleName: role }), "member");
  const own = await Promise.all(names.map(async (name) =>
    document(
      await moto.query("iam", "GetRolePolicy", { RoleName: role, PolicyName: name }),
      "PolicyDocument",
    )
  ));
  const attached = xmlTexts(
    await moto.query("iam", "ListAttachedRolePolicies", { RoleName: role }),
    "PolicyArn",
  );
  return { own, attached };
}

Deno.test({
  name:
    `the stack's policies are no wider than IAM lets them be, and allow what a run does in the stack's own queue${
      missing === undefined ? "" : ` (skipped: ${missing})`
    }`,
  ignore: missing !== undefined,
  async fn() {
    await using account = await TestAccount.open({ images: workerImages() });
    const { moto } = account;
    const outputs = await makeBatchStack(account);
    const manager = await managedPolicy(moto, outputs.ManagerPolicy!);
    assertEquals(faultsOf(manager), []);
    const [shown] = policiesIn(await Deno.readTextFile(PAGE));
    assertEquals(allowedActions([manager]), allowedActions([shown!]), "the page shows the same actions");

    const run = { "aws:RequestTag/blockfleet:run": "r" };
    const may = (action: string, resource: string, context: Record<string, string> = {}) =>
      isAllowed([manager], { action, resource, context: { "aws:RequestedRegion": REGION, ...context } });
    const queue = outputs.BatchProcessingJobQueueName!;
    const definition = outputs.BatchProcessingJobDefinitionName!;
    for (const resource of [queue, definition, `${JOBS}/1`]) {
      assert(resource.startsWith("arn:aws:batch:"), resource);
      assert(may("batch:SubmitJob", resource, run), resource);
      assert(!may("batch:SubmitJob", resource), `${resource} without a tag`);
    }
    assert(!may("batch:SubmitJob", queue.replace(/[^/]+$/, "production"), run));
    assert(may("batch:TerminateJob", `${JOBS}/1`, { "aws:ResourceTag/blockfleet:run": "r" }));
    assert(!may("batch:TerminateJob", `${JOBS}/1`));
    assert(may("batch:DescribeJobs", "*"));

    const { own, attached } = await rolePolicies(moto, "ExecutionRole");
    assertEquals([own.flatMap(faultsOf), attached], [[], []]);
    const group = xmlTexts(
      await moto.query("cloudformation", "DescribeStackResources", { StackName: STACK }),
      "PhysicalResourceId",
    ).find((id) => id.includes("LogGroup"))!;
    const write = (name: string) =>
      isAllowed(own, {
        action: "logs:PutLogEvents",
        resource: `arn:aws:logs:${REGION}:123456789012:log-group:${name}:log-stream:worker/default/1`,
      });
    assertEquals([write(group), write("production")], [true, false]);
    const fetch = (repository: string) =>
      isAllowed(own, {
        action: "ecr:BatchGetImage",
        resource: `arn:aws:ecr:eu-west-1:123456789012:repository/${repository}`,
      });
    assertEquals([fetch("blockfleet"), fetch("production")], [true, false]);
    assertEquals(await rolePolicies(moto, "WorkerRole"), { own: [], attached: [] }, "workers need nothing");
  },
});
