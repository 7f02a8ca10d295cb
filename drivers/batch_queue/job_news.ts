/**
 * What the queue says of a job that is not over, as news of its worker.
 *
 * @module
 */
import type { FleetEvent } from "../../core/driver.ts";
import type { QueueReport } from "./batch_scheduler.ts";
import { type FleetElement, secondsLeftOf } from "./fleet_element.ts";

/** How a report is heard. */
export interface HearingOptions {
  /** When the queue was asked, monotonic milliseconds. */
  readonly askedAtMs: number;
  /** Takes the news. */
  tell(event: FleetEvent): void;
}

/** Takes in what the queue says of a job that is not over; true if the queue should be asked again soon. */
export function hearReport(
  element: FleetElement,
  report: QueueReport,
  { askedAtMs, tell }: HearingOptions,
): boolean {
  const { worker, nativeId, state: before, reason } = element;
  if (report.state === "queued") {
    // It has connected while the answer was on its way.
    if ((element.connectedAtMs ?? 0) > askedAtMs) return true;
    element.reason = report.reason;
    if (before === "running") {
      element.runningSinceMs = undefined;
      element.connectedAtMs = undefined;
      element.host = undefined;
      const text = `job ${nativeId} is back in the queue: ${report.reason}`;
      tell({ type: "ended", worker, nativeId, cause: "requeued", logTail: text });
    }
    element.state = "queued";
    if (before === "queued" && reason === report.reason) return false;
    tell({ type: "queued", worker, reason: report.reason });
    return true;
  }
  element.reason = report.reason;
  if (report.state !== "running") return false;
  element.state = "running";
  element.runningSinceMs ??= performance.now();
  element.walltimeSeconds = report.walltimeSeconds;
  if (element.host === undefined) {
    if (before === "running") return false;
    const where = report.host === undefined ? "" : ` on ${report.host}`;
    tell({ type: "queued", worker, reason: `${report.reason}${where}, not connected yet` });
    return true;
  }
  const { walltimeSeconds } = report;
  const secondsLeft = secondsLeftOf(report, element.runningSinceMs);
  if (secondsLeft === undefined || walltimeSeconds === undefined) return false;
  tell({ type: "started", worker, nativeId, host: element.host, secondsLeft, walltimeSeconds });
  return false;
}
