/**
 * Which EC2 instances have ended, and why.
 *
 * @module
 */
import type { Instance } from "@aws-sdk/client-ec2";
import { messageOf } from "../../core/errors.ts";
import type { AwsCaller } from "../aws/aws_caller.ts";
import { AwsError } from "../aws/aws_error.ts";
import { inChunks } from "./in_chunks.ts";

/** Most values of a filter (DescribeInstances, Amazon EC2 API Reference). */
const MOST_VALUES = 200;
const ENDED = /^(shutting-down|terminated|stopping|stopped)$/;

/**
 * Those that have ended, with the reason. Where AWS will not say, none has.
 *
 * @param startedMs when each was started, by `performance.now()`.
 * @param options `freshMs`: one that EC2 does not know has ended only if it is older than that.
 * @throws {AwsError} if the question itself is wrong.
 */
export async function endedInstances(
  startedMs: ReadonlyMap<string, number>,
  { caller, freshMs }: { readonly caller: AwsCaller; readonly freshMs: number },
): Promise<Map<string, string>> {
  const seen = new Map<string, Instance>();
  try {
    for (const ids of inChunks([...startedMs.keys()], MOST_VALUES)) {
      const { Reservations = [] } = await caller.call("ec2:DescribeInstances", {
        // By id alone one that is not known fails the whole call.
        Filters: [{ Name: "instance-id", Values: ids }],
      });
      for (const instance of Reservations.flatMap(({ Instances }) => Instances ?? [])) {
        seen.set(instance.InstanceId ?? "", instance);
      }
    }
  } catch (error) {
    if (error instanceof AwsError && error.kind !== "final") return new Map();
    throw error;
  }
  const nowMs = performance.now();
  return new Map([...startedMs].flatMap(([id, since]) => {
    const instance = seen.get(id);
    const isEnded = instance ? ENDED.test(instance.State?.Name ?? "") : nowMs - since > freshMs;
    return isEnded ? [[id, whyEnded(instance)]] : [];
  }));
}

function whyEnded(instance: Instance | undefined): string {
  if (!instance) return "EC2 knows it no more";
  const { StateReason, StateTransitionReason } = instance;
  return messageOf(StateReason?.Message || StateTransitionReason || "AWS gives no reason");
}
