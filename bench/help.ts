/**
 * How soon a help text is there: whole processes, from start to end, 20 of each.
 *
 * Measured against 100 ms. An empty program stands beside it: what Deno itself takes can't be saved.
 *
 * @module
 */
import { join } from "@std/path";
import { type BenchContext, type Benchmark, type BenchmarkReport, judge } from "./benchmark.ts";
import { interleave, measureOf, measureProcess } from "./measure_process.ts";
import { denoRun } from "./our_commands.ts";

const ROUNDS = 20;
const LIMIT_MS = 100;

/** See the module. */
export const helpBenchmark: Benchmark = {
  name: "help",
  about: "start to end of --help, against 100 ms",
  run: runHelp,
};

async function runHelp(context: BenchContext): Promise<BenchmarkReport> {
  const empty = join(context.folder, "empty.ts");
  await Deno.writeTextFile(empty, "export {};\n");
  const commands = new Map([
    ["--help", denoRun("../cli/main.ts", ["--help"])],
    ["apply --help", denoRun("../cli/main.ts", ["apply", "--help"])],
    ["an empty program", [Deno.execPath(), "run", "-A", empty]],
  ]);
  // Without GNU time, whose own start would count.
  const run = (argv: readonly string[]) => () => measureProcess(argv, { gnuTime: undefined });
  const contestants = [...commands].map(([label, argv]) => ({ label, run: run(argv) }));
  // The first start after a change of the source compiles; that is not what is asked here.
  for (const { run } of contestants) await run();
  const runs = await interleave(contestants, { rounds: ROUNDS, say: () => {} });
  const measures = contestants.map(({ label }) => measureOf(label, runs.get(label)!));
  const figures = measures.slice(0, 2).map(({ label, wallSeconds: { median, min, max } }) =>
    judge({
      what: label,
      value: 1000 * median,
      range: [1000 * min, 1000 * max],
      unit: "ms",
      limit: { atMost: LIMIT_MS },
    }, { isQuick: false })
  );
  return { measures, figures, notes: [], skipped: [] };
}
