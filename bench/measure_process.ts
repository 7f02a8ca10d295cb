/**
 * Whole processes, from start to end: wall time, the time of all their threads, and the most memory they held.
 *
 * @module
 */
import type { BenchContext, Measure } from "./benchmark.ts";
import { spreadOf } from "./spread.ts";
import { pathOf } from "./tools.ts";

/** One process that has ended. */
export interface ProcessRun {
  /** From before its start to after its end, seconds. */
  readonly wallSeconds: number;
  /** User and system time, seconds; null without GNU time. */
  readonly cpuSeconds: number | null;
  /** The most memory that was resident, MiB; null without GNU time. */
  readonly peakMiB: number | null;
  /** What it printed. */
  readonly stdout: string;
}

/** How a process is run. */
export interface MeasureOptions {
  /** GNU time's path; undefined where there is none. */
  readonly gnuTime: string | undefined;
  /** Variables on top of this process's own. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a command to its end.
 *
 * @throws {Error} with what it wrote to stderr, if it fails.
 */
export async function measureProcess(argv: readonly string[], options: MeasureOptions): Promise<ProcessRun> {
  const { gnuTime, env = {} } = options;
  const usageFile = gnuTime === undefined
    ? undefined
    : await Deno.makeTempFile({ prefix: "blockfleet_time_" });
  try {
    const timed = usageFile === undefined ? argv : [gnuTime!, "-o", usageFile, "-f", "%U %S %M", ...argv];
    const command = new Deno.Command(timed[0]!, {
      args: timed.slice(1),
      env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...env },
      stdout: "piped",
      stderr: "piped",
    });
    const startMs = performance.now();
    const { success, code, stdout, stderr } = await command.output();
    const wallSeconds = (performance.now() - startMs) / 1000;
    const decoder = new TextDecoder();
    if (!success) {
      throw new Error(`${argv.join(" ")} exited with ${code}: ${decoder.decode(stderr).trim()}`);
    }
    const usage = usageFile === undefined ? undefined : await Deno.readTextFile(usageFile);
    return { wallSeconds, ...parseUsage(usage), stdout: decoder.decode(stdout) };
  } finally {
    if (usageFile !== undefined) await Deno.remove(usageFile);
  }
}

/** What GNU time wrote for `%U %S %M`: seconds, seconds, KiB. */
export function parseUsage(usage: string | undefined): Pick<ProcessRun, "cpuSeconds" | "peakMiB"> {
  const numbers = usage?.trim().split(/\s+/).map(Number);
  if (numbers?.length !== 3 || !numbers.every(Number.isFinite)) return { cpuSeconds: null, peakMiB: null };
  const [user, system, peakKiB] = numbers as [number, number, number];
  return { cpuSeconds: user + system, peakMiB: peakKiB / 1024 };
}

/** One that takes part in a comparison. */
export interface Contestant {
  /** Its name in the table. */
  readonly label: string;
  /** Runs it once, from the same beginning each time. */
  run(): Promise<ProcessRun>;
}

/** A process that prints `{"seconds": ...}`, which count instead of its wall time. */
export function timedInside(
  { tools }: Pick<BenchContext, "tools">,
  label: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Contestant {
  const run = async () => {
    const run = await measureProcess(argv, { gnuTime: pathOf(tools.gnuTime), env });
    const { seconds } = JSON.parse(run.stdout) as { seconds: number };
    return { ...run, wallSeconds: seconds };
  };
  return { label, run };
}

/** Runs contestants in turn, A B A B ..., so that what the machine does meanwhile meets all of them. */
export async function interleave(
  contestants: readonly Contestant[],
  options: { readonly rounds: number; say(line: string): void },
): Promise<ReadonlyMap<string, readonly ProcessRun[]>> {
  const runs = new Map<string, ProcessRun[]>(contestants.map(({ label }) => [label, []]));
  for (let round = 1; round <= options.rounds; round++) {
    for (const { label, run } of contestants) {
      options.say(`round ${round} of ${options.rounds}: ${label}`);
      runs.get(label)!.push(await run());
    }
  }
  return runs;
}

/** A contestant's runs, summed up. */
export function measureOf(label: string, runs: readonly ProcessRun[], detail?: string): Measure {
  const cpu = runs.map(({ cpuSeconds }) => cpuSeconds).filter((seconds) => seconds !== null);
  const peaks = runs.map(({ peakMiB }) => peakMiB).filter((peak) => peak !== null);
  return {
    label,
    wallSeconds: spreadOf(runs.map(({ wallSeconds }) => wallSeconds)),
    cpuSeconds: cpu.length === runs.length ? spreadOf(cpu) : null,
    peakMiB: peaks.length === runs.length ? Math.max(...peaks) : null,
    ...detail !== undefined && { detail },
  };
}
