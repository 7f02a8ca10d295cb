/**
 * Batch as a list of answers, for what a whole account can't be made to say.
 *
 * @module
 */
import type { AwsAction, AwsSend } from "../../../drivers/aws/api.ts";
import { AwsCaller } from "../../../drivers/aws/aws_caller.ts";

/** One call and its input. */
export interface FakeCall {
  readonly action: AwsAction;
  // deno-lint-ignore no-explicit-any -- the SDK's own inputs, looked at by tests
  readonly input: any;
}

/** A caller whose every call is answered by a function, at once. */
export function fakeBatch(
  // deno-lint-ignore no-explicit-any -- as much of an answer as a test needs
  answer: (call: FakeCall, calls: readonly FakeCall[]) => any,
): { readonly caller: AwsCaller; readonly calls: FakeCall[] } {
  const calls: FakeCall[] = [];
  const send: AwsSend = {
    send: async (action, input) => {
      calls.push({ action, input });
      return await answer({ action, input }, calls);
    },
    region: () => Promise.resolve("eu-west-1"),
    destroy: () => {},
  };
  return { caller: new AwsCaller(send, { backoff: { leastMs: 1, mostMs: 1 } }), calls };
}

/** What the SDK throws when there is no answer. */
export function noAnswer(): Error {
  return Object.assign(new Error("socket hang up"), { name: "TimeoutError" });
}
