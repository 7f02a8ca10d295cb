import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { assertNothingLeft, awsTest, type Given } from "./aws_case.ts";
import { type AwsCall, errorAnswer, jsonAnswer, type Middleware } from "./aws_call.ts";
import type { CommandOutcome } from "./aws_runs.ts";
import { makeBatchStack } from "./batch_stack.ts";
import { BROKEN_IMAGE } from "./worker_image.ts";

const GROUP = "logs";
/** What the broken image's containers write. */
const SAID = "exec format error";

/** A run on each kind whose containers all fail at once; their logs are in CloudWatch. */
async function brokenRuns({ account, folder, essentials }: Given): Promise<CommandOutcome[]> {
  const stack = "broken";
  await makeBatchStack(account, { stack, image: BROKEN_IMAGE });
  await account.moto.logs("CreateLogGroup", { logGroupName: GROUP });
  const fargate = {
    helper: "fargate",
    ...essentials.fargate,
    containerImage: BROKEN_IMAGE,
    cloudwatchLogGroup: GROUP,
  };
  const runs = await Promise.all([
    folder.ndvi("onbatch", { kind: "CW_AWSBATCH", extraParams: { stack } }),
    folder.ndvi("onecs", { kind: "CW_ECS", extraParams: fargate }),
  ]);
  return await Promise.all(runs.map(({ outcome }) => outcome));
}

/** The calls for logs, each stream's once. */
function logCalls(calls: readonly AwsCall[]): Record<string, unknown>[] {
  const inputs = calls.filter(({ action }) => action === "GetLogEvents").map(({ input }) => input);
  return [...new Map(inputs.map((input) => [JSON.stringify(input), input])).values()];
}

/** Answers in the place of the account, to every call for a log. */
function logsAnswer(answer: (call: AwsCall) => ReturnType<typeof jsonAnswer>): Middleware {
  return async (call, next) => call.action === "GetLogEvents" ? answer(call) : await next(call);
}

awsTest(
  "a worker whose container fails is explained with exit code, log stream and the end of the log, on both kinds",
  async (given) => {
    const { account: { door } } = given;
    for (const { code, stderr } of await brokenRuns(given)) {
      assertEquals(code, 1, stderr);
      assertMatch(
        stderr,
        /exit code 7.* before it connected.*its log is stream '.+' of '.+', which ends with: /s,
      );
      const [error] = stderr.split("\n").filter((line) => line.includes("The first 3 workers"));
      assertStringIncludes(error!, SAID);
    }
    const calls = logCalls(door.calls);
    for (const input of calls) {
      assertEquals(Object.keys(input).toSorted(), ["limit", "logGroupName", "logStreamName"]);
    }
    assertEquals(new Set(calls.map(({ limit }) => limit)), new Set([50]));
    assertEquals(calls.length, 6, "each worker's own log");
    await assertNothingLeft(given);
  },
);

awsTest("logs that come late are waited for; those that never come are named", async (given) => {
  const { account: { door } } = given;
  let seen = 0;
  using _ = door.use(async (call, next) => {
    if (call.action !== "GetLogEvents") return await next(call);
    const isBatch = call.input.logGroupName !== GROUP;
    // One that is not there yet, an empty one, then all of it; on ECS never more than a stream that is not there.
    if (!isBatch || seen === 0) return seen += Number(isBatch), noStream(call);
    return seen++ < 3 ? jsonAnswer({ events: [], nextBackwardToken: "b/0" }) : await next(call);
  });
  const [batch, ecs] = await brokenRuns(given);
  assertMatch(batch!.stderr, /which ends with: exec format error/);
  assertMatch(ecs!.stderr, /exit code 7.*its log is stream 'blockfleet\/.*' of 'logs'/s);
  assertEquals([ecs!.code, ecs!.stderr.includes(SAID)], [1, false], ecs!.stderr);
});

awsTest(
  "what a worker printed before its function killed it is in the error that names the block",
  async (given) => {
    const { account, folder, essentials: { fargate } } = given;
    await account.moto.logs("CreateLogGroup", { logGroupName: GROUP });
    const module = join(folder.path, "killer.ts");
    await Deno.writeTextFile(
      module,
      `export default () => {
       console.error("out of luck; BLOCKFLEET_KEY=" + (Deno.env.get("BLOCKFLEET_KEY") ?? "none"));
       Deno.kill(Deno.pid, "SIGKILL");
     };`,
    );
    const extraParams = { helper: "fargate", ...fargate, cloudwatchLogGroup: GROUP };
    const { outcome } = await folder.ndvi("killed", { kind: "CW_ECS", extraParams, module });
    const { code, stderr } = await outcome;
    assertEquals(code, 1, stderr);
    const error = stderr.trim().split("\n").at(-1)!;
    assertMatch(
      error,
      /kills its workers.* exited with 137; its log is stream '.+' of 'logs', which ends with: .*out of luck/,
    );
    assertStringIncludes(error, "BLOCKFLEET_KEY=***");
  },
);

awsTest(
  "who may not read logs is told once which action is missing, and the run's error is the worker's",
  async (given) => {
    using _ = given.account.door.use(logsAnswer((call) => {
      const message =
        "User: arn:aws:iam::123456789012:user/someone is not authorized to perform: logs:GetLogEvents on " +
        "resource: arn:aws:logs:us-east-1:123456789012:log-group:logs:log-stream:x because no identity-based policy allows it";
      return errorAnswer(call, { code: "AccessDeniedException", message, status: 400 });
    }));
    for (const { code, stderr } of await brokenRuns(given)) {
      assertEquals(code, 1, stderr);
      assertEquals(stderr.match(/AWS denies 'logs:GetLogEvents'/g)?.length, 1, stderr);
      assertMatch(stderr.trim().split("\n").at(-1)!, /exit code 7.*its log is stream '.+' of '.+'/);
    }
  },
);

awsTest(
  "a log group that is not there keeps a task from starting, and no log is asked for",
  async (given) => {
    const { folder, essentials: { fargate }, account: { door } } = given;
    const extraParams = { helper: "fargate", ...fargate, cloudwatchLogGroup: "nowhere" };
    const { code, stderr } = await (await folder.ndvi("nowhere", { kind: "CW_ECS", extraParams })).outcome;
    assertEquals(code, 1, stderr);
    assertStringIncludes(stderr, "The specified log group does not exist.");
    assertEquals(logCalls(door.calls), []);
  },
);

function noStream(call: AwsCall): ReturnType<typeof jsonAnswer> {
  const message = "The specified log stream does not exist.";
  return errorAnswer(call, { code: "ResourceNotFoundException", message, status: 400 });
}
