/**
 * `deno task bench`: measures this project and, where they are, its rivals, side by side.
 *
 * @module
 */
import { messageOf } from "../core/errors.ts";
import { parseBenchArgs } from "./bench_args.ts";
import type { Benchmark, BenchmarkReport } from "./benchmark.ts";
import { batchQueueBenchmark } from "./batch_queue.ts";
import { herdBenchmark } from "./herd.ts";
import { helpBenchmark } from "./help.ts";
import { layoutsBenchmark } from "./layouts.ts";
import { limitBenchmark } from "./limit.ts";
import { channelBenchmark } from "./channel.ts";
import { describeMachine, type Machine } from "./machine.ts";
import { memoryBenchmark } from "./memory.ts";
import { ndviBenchmark } from "./ndvi.ts";
import { readBenchmark } from "./read.ts";
import { reportText } from "./report_text.ts";
import { Scenes } from "./scenes.ts";
import { subprocBenchmark } from "./subproc.ts";
import { swarmBenchmark } from "./swarm.ts";
import { tinyBenchmark } from "./tiny.ts";
import { findTools } from "./tools.ts";

const BENCHMARKS: readonly Benchmark[] = [
  ndviBenchmark,
  subprocBenchmark,
  readBenchmark,
  layoutsBenchmark,
  limitBenchmark,
  memoryBenchmark,
  helpBenchmark,
  tinyBenchmark,
  channelBenchmark,
  swarmBenchmark,
  herdBenchmark,
  batchQueueBenchmark,
];

const HELP = `Usage: deno task bench [NAME...] [--quick] [--rounds N] [--json]

Benchmarks; without a name all of them run, in about ten minutes:
${BENCHMARKS.map(({ name, about }) => `  ${name.padEnd(8)}${about}`).join("\n")}

  --quick     small scenes, under a minute; limits are not judged
  --rounds N  how often each contestant runs; default 5, with --quick 2
  --json      print one JSON object

Environment:
  RIOS_HOME           a checkout of RIOS 2.0.9 or later, to measure against
  BLOCKFLEET_PYTHON   the Python that has GDAL, if it is not the system's own
  BLOCKFLEET_SHARED   the folder of data/L7_ETMs.tif, of which the scene is made if it is there
  BENCH_DIR           a folder for scenes and outputs, which is kept; default a temporary one, removed at the end`;

async function main(): Promise<void> {
  const args = parseBenchArgs(Deno.args, BENCHMARKS.map(({ name }) => name));
  if (args.help) return console.log(HELP);
  const kept = Deno.env.get("BENCH_DIR");
  const folder = kept ?? await Deno.makeTempDir({ prefix: "blockfleet_bench_" });
  if (kept !== undefined) await Deno.mkdir(kept, { recursive: true });
  const removeFolder = () => kept === undefined && Deno.removeSync(folder, { recursive: true });
  // Ctrl-C must not leave gigabytes behind.
  for (const [signal, status] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    Deno.addSignalListener(signal, () => {
      removeFolder();
      Deno.exit(status);
    });
  }
  try {
    const tools = await findTools();
    const context = { ...args, folder, tools, scenes: new Scenes(folder, tools), say };
    const machine = describeMachine(tools);
    if (!args.json) console.log(machineText(machine));
    const reports: (BenchmarkReport & { name: string; about: string })[] = [];
    for (const benchmark of BENCHMARKS.filter(({ name }) => args.names.includes(name))) {
      const report = await benchmark.run({ ...context, say: (line) => say(`${benchmark.name}: ${line}`) });
      say("");
      reports.push({ name: benchmark.name, about: benchmark.about, ...report });
      if (!args.json) console.log(`\n${reportText(benchmark, report)}`);
    }
    if (args.json) {
      const { isQuick: quick, rounds } = args;
      console.log(
        JSON.stringify({ date: new Date().toISOString(), machine, quick, rounds, benchmarks: reports }),
      );
    }
  } finally {
    removeFolder();
  }
}

function machineText({ processor, cores, memoryGiB, load, software }: Machine): string {
  const versions = Object.entries(software).map(([name, version]) => `${name} ${version}`).join(", ");
  return `${processor}, ${cores} cores, ${memoryGiB} GiB, load ${load.toFixed(2)}\n${versions}`;
}

/** Shows on a terminal what runs now, in one line that the next one replaces. */
function say(line: string): void {
  if (Deno.stderr.isTerminal()) Deno.stderr.writeSync(new TextEncoder().encode(`\r\x1b[K${line}`));
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(`bench: ${messageOf(error)}`);
    Deno.exit(1);
  }
}
