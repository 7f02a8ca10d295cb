/**
 * Eventual consistency at its worst that AWS still calls normal: what is new is not shown for a while, and what is gone is
 * shown for as long.
 *
 * @module
 */
import { type AwsAnswer, type AwsCall, jsonAnswer, type Middleware } from "../aws_call.ts";

// deno-lint-ignore no-explicit-any -- answers of AWS, changed where their shape is known
type Answered = any;

/** Where things stand in answers, and what each is known by. */
const SHOWN: Readonly<Record<string, { list: string; id(one: Answered): string }>> = {
  ListTasks: { list: "taskArns", id: (arn) => arn },
  DescribeTasks: { list: "tasks", id: ({ taskArn }) => taskArn },
  ListJobs: { list: "jobSummaryList", id: ({ jobId }) => jobId },
  DescribeJobs: { list: "jobs", id: ({ jobId }) => jobId },
  ListContainerInstances: { list: "containerInstanceArns", id: (arn) => arn },
  DescribeContainerInstances: {
    list: "containerInstances",
    id: ({ containerInstanceArn }) => containerInstanceArn,
  },
  DescribeClusters: { list: "clusters", id: ({ clusterArn, status }) => `${clusterArn} ${status}` },
};

interface Sight {
  readonly firstMs: number;
  lastMs: number;
  last: Answered;
}

/** A middleware that delays what lists and descriptions show, by that many milliseconds. */
export function lagging(delayMs: number): Middleware {
  const sights = new Map<string, Sight>();
  return async (call, next): Promise<AwsAnswer> => {
    const answer = await next(call);
    const shown = SHOWN[call.action];
    if (!shown || answer.status !== 200) return answer;
    const value = JSON.parse(answer.body);
    const nowMs = performance.now();
    const key = (one: Answered) => `${call.action} ${shown.id(one)}`;
    const real = value[shown.list] as Answered[];
    for (const one of real) {
      const sight = sights.get(key(one));
      if (sight) Object.assign(sight, { lastMs: nowMs, last: one });
      else sights.set(key(one), { firstMs: nowMs, lastMs: nowMs, last: one });
    }
    const old = real.filter((one) => nowMs - sights.get(key(one))!.firstMs >= delayMs);
    const hidden = real.filter((one) => !old.includes(one));
    const gone = [...sights].filter(([name, { lastMs }]) =>
      name.startsWith(`${call.action} `) && lastMs !== nowMs && nowMs - lastMs < delayMs
    ).map(([, { last }]) => last).filter((one) => isAskedFor(call, shown.id(one)));
    value[shown.list] = [...old, ...gone];
    if (Array.isArray(value.failures)) {
      value.failures.push(...hidden.map((one) => ({ arn: shown.id(one).split(" ")[0], reason: "MISSING" })));
    }
    return jsonAnswer(value);
  };
}

/** A description has only what was asked for; a list of another cluster or queue has nothing of this one's. */
function isAskedFor(call: AwsCall, id: string): boolean {
  const { tasks, jobs, containerInstances, clusters, cluster } = call.input as Record<string, Answered>;
  const asked = tasks ?? jobs ?? containerInstances ?? clusters;
  const name = id.split(" ")[0]!;
  if (Array.isArray(asked)) return asked.some((one: string) => name === one || name.endsWith(`/${one}`));
  return cluster === undefined || name.includes(`/${String(cluster).split("/").at(-1)}/`);
}
