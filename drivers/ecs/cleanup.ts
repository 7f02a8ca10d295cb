/**
 * Removes what killed runs left in AWS.
 *
 * @module
 */
import type { CleanupReport, RegisteredRun, RunSelector } from "../../core/driver.ts";
import { messageOf } from "../../core/errors.ts";
import { AwsCaller } from "../aws/aws_caller.ts";
import type { AwsSend } from "../aws/api.ts";
import { fromRecord } from "./belongings.ts";
import type { EcsTimes } from "./ecs_times.ts";
import { findLeftovers, type Leftovers } from "./leftovers.ts";
import { findByTag } from "./find_by_tag.ts";
import { describeLeftovers, forget, tearDown, type TearDownReport } from "./tear_down.ts";

/** What cleaning up takes. */
export interface CleanUpOptions {
  /** Calls AWS in a region; undefined for that of the environment. */
  send(region: string | undefined): AwsSend;
  /** How long to wait for what. */
  readonly times: EcsTimes;
}

/** Removes exactly what the registers of the runs name; what only a tag makes a run's, after asking. */
export async function cleanUp(selector: RunSelector, options: CleanUpOptions): Promise<CleanupReport> {
  const report: Report = { removed: [], failed: [] };
  for (const run of selector.runs) await cleanUpRun(run, { ...options, report, dryRun: selector.dryRun });
  if (selector.unregistered) await cleanUpTagged(selector, { ...options, report });
  return report;
}

type Report = { removed: string[]; failed: string[]; hint?: string };

async function cleanUpRun(
  run: RegisteredRun,
  { send, times, report, dryRun }: CleanUpOptions & { report: Report; dryRun: boolean },
): Promise<void> {
  const things = run.things.map((record) => fromRecord(record, () => run.gone(record)));
  for (const [region, inRegion] of Map.groupBy(things, ({ data }) => data.region)) {
    const caller = new AwsCaller(send(region));
    try {
      const found = await findLeftovers(inRegion, { caller, times, runId: run.runId, isOwn: false });
      const done = await remove(found, { caller, times, report, dryRun });
      if (done) await forget(inRegion, done);
    } catch (error) {
      report.failed.push(`what run ${run.runId} left in ${region ?? "AWS"}: ${messageOf(error)}`);
    } finally {
      caller.destroy();
    }
  }
}

async function cleanUpTagged(
  { unregistered, dryRun, confirm }: RunSelector,
  { send, times, report }: CleanUpOptions & { report: Report },
): Promise<void> {
  const caller = new AwsCaller(send(undefined));
  try {
    const { found: byRun, unseen } = await findByTag(caller, unregistered!);
    if (unseen) {
      report.hint =
        `ECS clusters whose names don't begin with blockfleet_ were not looked into: ${unseen.message}`;
    }
    for (const [runId, found] of byRun) {
      const lines = describeLeftovers(found);
      const question = `Run ${runId} is in no register here; by its tag there are ${
        lines.join(", ")
      }. Remove them?`;
      if (!dryRun && !await confirm(question)) {
        report.failed.push(`what has the tag of run ${runId}: left as it is`);
        continue;
      }
      await remove(found, { caller, times, report, dryRun });
    }
  } catch (error) {
    report.failed.push(`what only a tag names: ${messageOf(error)}`);
  } finally {
    caller.destroy();
  }
}

async function remove(
  found: Leftovers,
  { caller, times, report, dryRun }: {
    caller: AwsCaller;
    times: EcsTimes;
    report: Report;
    dryRun: boolean;
  },
): Promise<TearDownReport | undefined> {
  if (dryRun) {
    report.removed.push(...describeLeftovers(found));
    for (const [type, error] of found.unsure) {
      report.failed.push(`what more there may be (${type}): ${error.message}`);
    }
    return undefined;
  }
  const done = await tearDown(found, { caller, times, reason: "blockfleet cleanup" });
  report.removed.push(...done.removed);
  report.failed.push(...done.failed);
  return done;
}
