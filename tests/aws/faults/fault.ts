/**
 * The faults of the matrix, each at the first calls of one action.
 *
 * @module
 */
import { type AwsCall, errorAnswer, jsonAnswer, type Middleware, NO_ANSWER } from "../aws_call.ts";

/** A sort of fault. */
export type FaultKind = "throttled" | "refused" | "failure entry" | "timed out" | "killed";

/** Every sort. */
export const FAULT_KINDS: readonly FaultKind[] = [
  "throttled",
  "refused",
  "failure entry",
  "timed out",
  "killed",
];

/** Answers that can hold a failure in the place of a success, and which. */
const FAILURE_ENTRIES: Readonly<Record<string, (call: AwsCall) => unknown>> = {
  RunTask: () => ({
    tasks: [],
    failures: [{ arn: "arn:aws:ecs:::container-instance/x", reason: "RESOURCE:CPU" }],
  }),
  DescribeTasks: ({ input }) => ({
    tasks: [],
    failures: (input.tasks as string[]).map((arn) => ({ arn, reason: "MISSING" })),
  }),
  DescribeClusters: ({ input }) => ({
    clusters: [],
    failures: (input.clusters as string[]).map((arn) => ({ arn, reason: "MISSING" })),
  }),
  DescribeContainerInstances: ({ input }) => ({
    containerInstances: [],
    failures: (input.containerInstances as string[]).map((arn) => ({ arn, reason: "MISSING" })),
  }),
  DeleteTaskDefinitions: ({ input }) => ({
    taskDefinitions: [],
    failures: (input.taskDefinitions as string[]).map((arn) => ({
      arn,
      reason: "The specified task definition is busy",
    })),
  }),
  DescribeJobs: () => ({ jobs: [] }),
};

/** Whether an action can have that fault. */
export function canHave(action: string, kind: FaultKind): boolean {
  return kind !== "failure entry" || Object.hasOwn(FAILURE_ENTRIES, action);
}

/** How often a fault strikes: what passes, passes; a policy that denies goes on denying. */
const STRIKES: Readonly<Record<FaultKind, number>> = {
  "throttled": 2,
  "refused": Infinity,
  "failure entry": 1,
  "timed out": 1,
  "killed": 1,
};

/** The middleware of a fault; `kill` ends the main program. It can be lifted. */
export function fault(
  kind: FaultKind,
  { action, kill }: { action: string; kill: () => void },
): { middleware: Middleware; lift(): void; struck(): number } {
  let strikes = 0;
  let most = STRIKES[kind];
  return {
    middleware: async (call, next) => {
      if (call.action !== action || strikes >= most) return await next(call);
      strikes++;
      switch (kind) {
        case "throttled":
          return throttled(call);
        case "refused":
          return refused(call);
        case "failure entry":
          return jsonAnswer(FAILURE_ENTRIES[action]!(call));
        case "timed out":
          // It has its effect, and whoever waits for the answer gives up.
          await next(call);
          return await new Promise(() => {});
        case "killed":
          await next(call);
          kill();
          return NO_ANSWER;
      }
    },
    lift: () => most = 0,
    struck: () => strikes,
  };
}

function throttled(call: AwsCall): ReturnType<typeof errorAnswer> {
  if (call.service === "ec2") {
    return errorAnswer(call, {
      code: "RequestLimitExceeded",
      message: "Request limit exceeded.",
      status: 503,
    });
  }
  if (call.service === "batch") {
    return errorAnswer(call, { code: "TooManyRequestsException", message: "Too Many Requests", status: 429 });
  }
  return errorAnswer(call, { code: "ThrottlingException", message: "Rate exceeded", status: 400 });
}

function refused(call: AwsCall): ReturnType<typeof errorAnswer> {
  const { service, action } = call;
  const message =
    `User: arn:aws:iam::123456789012:user/someone is not authorized to perform: ${service}:${action} on resource: ` +
    `arn:aws:${service}:us-east-1:123456789012:thing because no identity-based policy allows the ${service}:${action} action`;
  if (service === "ec2") return errorAnswer(call, { code: "UnauthorizedOperation", message, status: 403 });
  const code = service === "cloudformation" ? "AccessDenied" : "AccessDeniedException";
  return errorAnswer(call, { code, message, status: service === "ecs" ? 400 : 403 });
}
