import { assert, assertEquals, assertRejects } from "@std/assert";
import type { AwsAction, AwsInput, AwsOutput, AwsSend } from "../../../drivers/aws/api.ts";
import { AwsCaller } from "../../../drivers/aws/aws_caller.ts";
import { AwsError } from "../../../drivers/aws/aws_error.ts";
import { backoffMs } from "../../../drivers/aws/backoff.ts";

/** Answers each call with the next of these; the last one stays. */
class Scripted implements AwsSend {
  calls = 0;
  readonly #answers: readonly (() => Promise<unknown>)[];

  constructor(...answers: (() => Promise<unknown>)[]) {
    this.#answers = answers;
  }

  async send<Action extends AwsAction>(_: Action, _input: AwsInput<Action>): Promise<AwsOutput<Action>> {
    const answer = this.#answers[Math.min(this.calls++, this.#answers.length - 1)]!;
    return await answer() as AwsOutput<Action>;
  }

  region(): Promise<string> {
    return Promise.resolve("us-east-1");
  }

  destroy(): void {}
}

const backoff = { leastMs: 1, mostMs: 5 };
const ok = () => Promise.resolve({ clusterArns: ["a"] });
const fail = (name: string, httpStatusCode = 400) => () => {
  const error = Object.assign(new Error(name), { $metadata: { httpStatusCode } });
  error.name = name;
  return Promise.reject(error);
};

Deno.test("what is throttled or not answered is tried again until it is answered", async () => {
  const send = new Scripted(fail("ThrottlingException"), fail("ServerException", 500), ok);
  assertEquals(await new AwsCaller(send, { backoff }).call("ecs:ListClusters", {}), {
    clusterArns: ["a"],
  } as never);
  assertEquals(send.calls, 3);
});

Deno.test("a call that may be made once only is not repeated when it was not answered", async () => {
  const send = new Scripted(fail("ThrottlingException"), fail("ServerException", 500), ok);
  const error = await assertRejects(
    () => new AwsCaller(send, { backoff }).call("batch:SubmitJob", {} as never, { retry: "answered" }),
    AwsError,
  );
  assertEquals([error.kind, send.calls], ["unanswered", 2]);
});

Deno.test("a refusal is final at once", async () => {
  const send = new Scripted(fail("InvalidParameterException"));
  await assertRejects(() => new AwsCaller(send, { backoff }).call("ecs:ListClusters", {}), AwsError);
  assertEquals(send.calls, 1);
});

Deno.test("what is new may be missing for a while", async () => {
  const send = new Scripted(fail("ClusterNotFoundException"), ok);
  const caller = new AwsCaller(send, { backoff });
  await caller.call("ecs:ListClusters", {}, { freshUntilMs: performance.now() + 60_000 });
  assertEquals(send.calls, 2);
  const old = new Scripted(fail("ClusterNotFoundException"), ok);
  await assertRejects(() => new AwsCaller(old, { backoff }).call("ecs:ListClusters", {}), AwsError);
});

Deno.test("an answer that never comes is given up, and asked for again", async () => {
  const send = new Scripted(() => new Promise(() => {}), ok);
  await new AwsCaller(send, { backoff, requestTimeoutMs: 20 }).call("ecs:ListClusters", {});
  assertEquals(send.calls, 2);
});

Deno.test("the budget ends trying again", async () => {
  const send = new Scripted(fail("ThrottlingException"));
  const error = await assertRejects(
    () => new AwsCaller(send, { backoff, budgetMs: 100 }).call("ecs:ListClusters", {}),
    AwsError,
  );
  assertEquals(error.kind, "throttled");
  assert(send.calls > 1);
});

Deno.test("delays double, are spread, and have a bound", () => {
  const bounds = { leastMs: 1000, mostMs: 60_000 };
  assertEquals([1, 2, 3, 20].map((tries) => backoffMs(tries, bounds, () => 1)), [1000, 2000, 4000, 60_000]);
  assertEquals(backoffMs(1, bounds, () => 0), 500);
});
