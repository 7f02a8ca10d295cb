/**
 * Whether a batch queue can be used from here.
 *
 * @module
 */
import type { Availability } from "../../core/driver.ts";
import type { BatchScheduler } from "./batch_scheduler.ts";
import type { CommandRunner } from "./run_command.ts";

/** Its programs must be on PATH, and its controller must answer within seconds. */
export async function checkAvailable(scheduler: BatchScheduler, run: CommandRunner): Promise<Availability> {
  const { title, programs } = scheduler;
  if (Deno.build.os === "windows") {
    return { available: false, reason: `${title} jobs can't be submitted from Windows` };
  }
  const missing = programs.filter((program) => !isOnPath(program));
  if (missing.length > 0) {
    const verb = missing.length === 1 ? "is" : "are";
    return {
      available: false,
      reason: `${
        missing.join(", ")
      } ${verb} not on PATH: log in where ${title} jobs are submitted, or load its module`,
    };
  }
  const trouble = await scheduler.reach(run);
  if (trouble === undefined) return { available: true };
  return { available: false, reason: `${title} does not answer: ${trouble}` };
}

function isOnPath(program: string): boolean {
  return (Deno.env.get("PATH") ?? "").split(":").some((folder) => {
    try {
      const { isFile, mode } = Deno.statSync(`${folder || "."}/${program}`);
      return isFile && ((mode ?? 0o111) & 0o111) !== 0;
    } catch {
      // Whatever it is that can't be looked at, it is no program to run.
      return false;
    }
  });
}
