import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type AwsErrorKind, toAwsError } from "../../../drivers/aws/aws_error.ts";

function thrown(name: string, message: string, httpStatusCode?: number): Error {
  const error = Object.assign(new Error(message), { $metadata: { httpStatusCode } });
  error.name = name;
  return error;
}

const KINDS: readonly [AwsErrorKind, Error][] = [
  ["throttled", thrown("ThrottlingException", "Rate exceeded", 400)],
  ["throttled", thrown("RequestLimitExceeded", "Request limit exceeded.", 503)],
  ["throttled", thrown("TooManyRequestsException", "slow down", 429)],
  ["capacity", thrown("InsufficientInstanceCapacity", "We do not have sufficient c7g.xlarge capacity", 500)],
  [
    "capacity",
    thrown("ClientException", "Capacity is unavailable at this time. Please try again later", 400),
  ],
  ["unanswered", thrown("ServerException", "Service Unavailable", 500)],
  ["unanswered", thrown("TimeoutError", "no answer within 30 s")],
  ["unanswered", Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" })],
  ["unanswered", Object.assign(new Error("getaddrinfo EAI_AGAIN ecs"), { code: "EAI_AGAIN" })],
  ["denied", thrown("AccessDeniedException", "User: u is not authorized to perform: ecs:RunTask", 400)],
  ["denied", thrown("UnauthorizedOperation", "You are not authorized to perform this operation.", 403)],
  ["missing", thrown("ClusterNotFoundException", "Cluster not found.", 400)],
  ["missing", thrown("InvalidInstanceID.NotFound", "The instance ID 'i-1' does not exist", 400)],
  ["missing", thrown("InvalidParameterException", "The referenced task was not found.", 400)],
  ["missing", thrown("ClientException", "Unable to describe task definition.", 400)],
  ["final", thrown("InvalidParameterException", "No Container Instances were found in your cluster.", 400)],
  ["final", thrown("ExpiredTokenException", "The security token included in the request is expired", 403)],
  ["final", new Error("Region is missing")],
];

for (const [kind, error] of KINDS) {
  Deno.test(`"${error.name}: ${error.message}" is ${kind}`, () => {
    assertEquals(toAwsError("ecs:RunTask", error).kind, kind);
  });
}

Deno.test("a denial names the action, and the resource that it is on", () => {
  const said = "User: arn:aws:iam::1:user/u is not authorized to perform: ecs:RunTask on resource: " +
    "arn:aws:ecs:us-east-1:1:task-definition/f:1 because no identity-based policy allows the ecs:RunTask action";
  const { message } = toAwsError("ecs:RunTask", thrown("AccessDeniedException", said, 400));
  assertStringIncludes(
    message,
    "AWS denies 'ecs:RunTask' on the resource 'arn:aws:ecs:us-east-1:1:task-definition/f:1'",
  );
  assertStringIncludes(message, "docs/ecs.md");
  assert(!message.includes("\n"));
});

Deno.test("a denied role is named with the call that needs it", () => {
  const said = "User: arn:aws:iam::1:user/u is not authorized to perform: iam:PassRole on resource: " +
    "arn:aws:iam::1:role/blockfleet-task because no identity-based policy allows the iam:PassRole action";
  const { message } = toAwsError("ecs:RegisterTaskDefinition", thrown("AccessDeniedException", said, 400));
  assertStringIncludes(
    message,
    "AWS denies 'iam:PassRole' on the role 'arn:aws:iam::1:role/blockfleet-task', which 'ecs:RegisterTaskDefinition' needs",
  );
});

Deno.test("only a denial that is about tags is taken for one", () => {
  const denied = (text: string) =>
    toAwsError("ecs:RunTask", thrown("AccessDeniedException", text, 400)).concernsTags;
  assert(denied("User: u is not authorized to perform: ecs:TagResource on resource: *"));
  assert(denied("User: u is not authorized to perform: ec2:CreateTags on resource: *"));
  assert(!denied("User: u is not authorized to perform: ecs:RunTask on resource: *"));
  const oldArns = "The new ARN and resource ID format must be enabled to add tags to the task.";
  assert(toAwsError("ecs:RunTask", thrown("InvalidParameterException", oldArns, 400)).concernsTags);
});
