/**
 * What `qacct -j` tells of the ends of jobs. Sources: accounting(5), and the "failed" states of sge_status(5).
 *
 * @module
 */
import type { EndCause } from "../../core/driver.ts";
import type { QueueReport } from "../batch_queue/batch_scheduler.ts";
import { parseClock } from "../batch_queue/units.ts";

/** The codes of `failed` that say more than that the job did not start. */
const FAILED = { no: 0, throughSignal: 17, rescheduling: 25, overLimit: 37, afterJob: 100 };

/** SIGUSR1 and SIGUSR2, of which nobody dies but by Grid Engine's notice of an end (`qsub -notify`). */
const NOTICES = new Set([128 + 10, 128 + 12]);

/** Reads `qacct -j`: how each job or element ended, by its id. Of one that was restarted its last life counts. */
export function parseAccounting(text: string): Map<string, QueueReport> {
  const reports = new Map<string, QueueReport>();
  for (const record of text.split(/^=+$/m)) {
    const value = (key: string) => new RegExp(`^${key} +(.*?) *$`, "m").exec(record)?.[1];
    const job = value("jobnumber");
    const task = value("taskid");
    if (job === undefined) continue;
    const id = task !== undefined && /^\d+$/.test(task) ? `${job}.${task}` : job;
    reports.set(id, ended(value));
  }
  return reports;
}

function ended(value: (key: string) => string | undefined): QueueReport {
  const [, code, words = ""] = /^(\d+) *(?:: *(.*))?$/.exec(value("failed") ?? "") ?? [];
  const status = Number(/^\d+/.exec(value("exit_status") ?? "")?.[0] ?? NaN);
  const failed = Number(code);
  const reason = failed === FAILED.no ? "" : `failed ${code}: ${words}`;
  const exitCode = Number.isNaN(status) ? {} : { exitCode: status };
  const report = (cause: EndCause, more: Partial<QueueReport> = exitCode): QueueReport => ({
    state: "ended",
    reason,
    cause,
    ...more,
  });
  switch (failed) {
    case FAILED.no:
      return report(status > 128 ? "killed" : "exit");
    case FAILED.rescheduling:
      return report("requeued", {});
    case FAILED.overLimit:
    case FAILED.throughSignal:
    case FAILED.afterJob: {
      const overMemory = memoryOverLimit(value);
      if (overMemory !== undefined) return report("killed", { ...exitCode, overMemory });
      return report(isOverTime(value) ? "walltime" : NOTICES.has(status) ? "cancelled" : "killed");
    }
    default:
      // It never ran, so its status, 0, is none.
      return report("unknown", {});
  }
}

/** The limits that were asked for are in the category: `-l h_rt=100,s_rt=90 -pe smp 4`. */
function isOverTime(value: (key: string) => string | undefined): boolean {
  const limit = /\bh_rt=([\d:]+)/.exec(value("category") ?? "")?.[1];
  const ran = /^\d+/.exec(value("ru_wallclock") ?? "")?.[0];
  if (limit === undefined || ran === undefined) return false;
  return Number(ran) >= (/^\d+$/.test(limit) ? Number(limit) : parseClock(limit) ?? Infinity);
}

/**
 * What a job used of its address space and the limit of that, if it came to it: Grid Engine then kills it without a word. The
 * limit is one for each slot.
 */
function memoryOverLimit(value: (key: string) => string | undefined): string | undefined {
  const limit = /\bh_vmem=([\d.]+[KMGT]?)/i.exec(value("category") ?? "")?.[1];
  const used = value("maxvmem");
  const slots = Number(value("slots") ?? 1) || 1;
  const [usedBytes, limitBytes] = [bytes(used), bytes(limit)];
  if (usedBytes === undefined || limitBytes === undefined || usedBytes < limitBytes * slots) return undefined;
  return `maxvmem ${used}, limit h_vmem=${limit}${slots > 1 ? ` for each of ${slots} slots` : ""}`;
}

/** Bytes of `2.100GB` or `2G`: capitals count by 1024, small letters by 1000 (sge_types(1), "memory_specifier"). */
function bytes(text: string | undefined): number | undefined {
  const [, number, unit = ""] = /^([\d.]+)([kKmMgGtT]?)i?B?$/.exec(text ?? "") ?? [];
  if (number === undefined) return undefined;
  const base = unit === unit.toUpperCase() ? 1024 : 1000;
  return Number(number) * base ** ("KMGT".indexOf(unit.toUpperCase() || "?") + 1);
}
