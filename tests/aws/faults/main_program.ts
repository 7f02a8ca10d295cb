/**
 * The main program of the fault matrix, to be killed: a run of a few blocks, or the cleanup after one. Prints one line of JSON.
 *
 * @module
 */
import { cleanupRuns } from "../../../core/cleanup.ts";
import type { Driver } from "../../../core/driver.ts";
import { messageOf } from "../../../core/errors.ts";
import { mapBlocks } from "../../../core/map_blocks.ts";
import { registerDriver } from "../../../core/registry.ts";
import { awsBatchDriver } from "../../../drivers/aws_batch.ts";
import { ecsDriver } from "../../../drivers/ecs.ts";
import { QUICK_BATCH, QUICK_ECS } from "../quick_timing.ts";

/** What the program is asked for. */
export interface MainRequest {
  /** `run`, or `cleanup` of every dead run. */
  readonly command: "run" | "cleanup";
  /** The service whose driver runs it. */
  readonly kind: "ecs" | "batch";
  /** The driver's own dictionary. */
  readonly extraParams: Record<string, unknown>;
  /** `finish`, or be `abort`ed by SIGINT when its workers have been asked for. */
  readonly ending: "finish" | "abort";
  /** Whether to wait as on AWS, for an account that shows things as late as AWS may. Default false. */
  readonly patient?: boolean;
}

/** What it says. */
export interface MainAnswer {
  /** The results' sum. */
  readonly sum?: number;
  /** The error. */
  readonly error?: string;
  /** Notices; a cleanup's report. */
  readonly lines: readonly string[];
}

/** The sum of a run's results. */
export const SUM = 30;

function driverOf({ kind, patient = false }: MainRequest): Driver {
  const available = () => Promise.resolve({ available: true } as const);
  if (kind === "batch") {
    return {
      ...awsBatchDriver(patient ? {} : { timing: QUICK_BATCH }),
      kind: "CW_AWSBATCH_QUICK",
      available,
    };
  }
  return { ...ecsDriver(patient ? {} : { times: QUICK_ECS }), kind: "CW_ECS_QUICK", available };
}

async function run(request: MainRequest, computeWorkerKind: string): Promise<MainAnswer> {
  const lines: string[] = [];
  try {
    let sum = 0;
    const controller = new AbortController();
    Deno.addSignalListener("SIGINT", () => controller.abort(new Error("the test's wish")));
    const results = mapBlocks({
      userFunction: async (n: number) => {
        await new Promise((resolve) => setTimeout(resolve, 200));
        return 2 * n;
      },
      blocks: Array.from({ length: 6 }, (_, n) => n),
      concurrency: {
        ...{ computeWorkerKind, numComputeWorkers: 2, computeWorkerExtraParams: request.extraParams },
      },
      signal: controller.signal,
      onNotice: (line) => lines.push(line),
    });
    for await (const { result } of results) sum += Number(result);
    return { sum, lines };
  } catch (error) {
    return { error: messageOf(error), lines };
  }
}

async function cleanup(): Promise<MainAnswer> {
  const lines: string[] = [];
  const { removed, failed } = await cleanupRuns({ allDead: true, onLine: (line) => lines.push(line) });
  return { lines: [...removed.map((line) => `removed ${line}`), ...failed.map((line) => `failed ${line}`)] };
}

if (import.meta.main) {
  const request = JSON.parse(Deno.args[0]!) as MainRequest;
  const driver = driverOf(request);
  registerDriver(driver);
  const answer = request.command === "run" ? await run(request, driver.kind) : await cleanup();
  console.log(JSON.stringify(answer));
}
