/**
 * What the fault tests share: a scene, a user function that misbehaves as told, runs of the command line as processes of
 * their own, and a look at what they leave behind.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { tempFolder } from "../gdal.ts";
import { assertSamePixels, filesIn, makeRaster, readRaster } from "../raster/apply_support.ts";
import { FaultRun } from "./fault_run.ts";
import { processesMarked, signal } from "./processes.ts";

/** `/proc` tells what is left of a run. */
export const IGNORED = Deno.build.os !== "linux";

const MAIN = fromFileUrl(new URL("../../cli/main.ts", import.meta.url));

/** A job's size and what its user function does. */
export interface SceneSpec {
  /** Blocks across. */
  readonly across: number;
  /** Blocks down. */
  readonly down: number;
  /** A block's width and height, pixels. Default 16. */
  readonly side?: number;
  /**
   * Statements that are run in each block `n`. `once(name)` is true for the first caller in the whole run, `pause(ms)`
   * waits as a busy function does, without letting the thread do anything else.
   */
  readonly each?: string;
}

/** How a run ended, and what it said of itself. */
export interface RunSummary {
  readonly blocks: {
    readonly total: number;
    readonly done: number;
    readonly resumed: number;
    readonly retried: number;
  };
  readonly workers: { readonly started: number; readonly lost: number };
  readonly otherArgsList: readonly { readonly sum: number; readonly blocks: readonly number[] }[];
}

/** A folder with a scene and a user function that inverts its pixels and sums them up. */
export class FaultScene implements AsyncDisposable {
  /** Blocks in all. */
  readonly blocks: number;
  readonly #folder = tempFolder();
  readonly #expected: Uint16Array<ArrayBuffer>;
  readonly #sum: number;
  readonly #side: number;
  readonly #runs: FaultRun[] = [];
  readonly #mark = crypto.randomUUID();

  constructor({ across, down, side = 16, each = "" }: SceneSpec) {
    this.blocks = across * down;
    this.#side = side;
    const size = { width: across * side, height: down * side };
    const { pixels } = makeRaster(this.file("scene.tif"), size);
    this.#expected = Uint16Array.from(pixels as Uint16Array, (value) => 65535 - value);
    this.#sum = (pixels as Uint16Array).reduce((sum, value) => sum + value, 0);
    for (const name of ["tmp", "state", "marks"]) Deno.mkdirSync(this.file(name));
    Deno.writeTextFileSync(this.file("function.ts"), functionText(this.path, each));
  }

  get path(): string {
    return this.#folder.path;
  }

  file(name: string): string {
    return this.#folder.file(name);
  }

  /** Runs the job with `CW_SUBPROC`, three workers, unless `args` say otherwise. */
  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): FaultRun {
    return this.runBy([], args, env);
  }

  /** The same, by a program that is given the command line, such as `ip netns exec`. */
  runBy(
    wrapper: readonly string[],
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): FaultRun {
    const { path } = this;
    const [program, ...first] = [...wrapper, Deno.execPath(), "run", "-A", MAIN];
    const run = new FaultRun(program!, {
      args: [
        ...first,
        ...["apply", this.file("function.ts"), "--in", `img=${this.file("scene.tif")}`],
        ...[
          "--out",
          `out=${this.file("out.tif")}`,
          "--window",
          `${this.#side}x${this.#side}`,
          "--window-exact",
        ],
        ...["--args", `{"sum":0,"blocks":[]}`, "--json"],
        ...args.includes("--kind") ? [] : ["--kind", "CW_SUBPROC"],
        ...args.includes("--workers") ? [] : ["--workers", "3"],
        ...args.includes("--worker-permissions")
          ? []
          : ["--worker-permissions", `--allow-read=${path} --allow-write=${path}`],
        ...args,
      ],
      env: {
        ...{ TMPDIR: this.file("tmp"), XDG_STATE_HOME: this.file("state"), FAULT_TEST: this.#mark },
        ...env,
      },
      mark: this.#mark,
    });
    this.#runs.push(run);
    return run;
  }

  /** Blocks that each process has begun and not ended, as the user function wrote down. */
  inHand(): Map<number, number> {
    const begun = new Map<number, number>();
    for (const line of this.#log()) {
      const [pid, what, block] = line.split(" ");
      if (what === "begin") begun.set(Number(pid), Number(block));
      else begun.delete(Number(pid));
    }
    return begun;
  }

  /** Whether a process has begun a block. */
  hasWorked(pid: number): boolean {
    return this.#log().some((line) => line.startsWith(`${pid} `));
  }

  /** What the user function has written down beside begins and ends of blocks. */
  notes(): string[] {
    return this.#log().map((line) => line.split(" ")[1]!).filter((what) => !/^(begin|end)$/.test(what));
  }

  /** How often the user function was begun for each block. */
  timesBegun(): Map<number, number> {
    const times = new Map<number, number>();
    for (const line of this.#log()) {
      const [, what, block] = line.split(" ");
      if (what === "begin") times.set(Number(block), (times.get(Number(block)) ?? 0) + 1);
    }
    return times;
  }

  /** The run is done, its pixels and its sum are right to the last bit, and nothing else is left. */
  async assertDone(run: FaultRun): Promise<RunSummary> {
    const { code, signal: killed, out, err } = await run.ended;
    assertEquals([killed, code], [null, 0], err);
    this.assertNothingLeft(["out.tif"]);
    const { pixels } = await readRaster(this.file("out.tif"));
    assertSamePixels(pixels, this.#expected, "out.tif");
    const summary: RunSummary = JSON.parse(out);
    assertEquals(summary.otherArgsList, [{
      sum: this.#sum,
      blocks: Array.from({ length: this.blocks }, (_, n) => n),
    }]);
    assertEquals([summary.blocks.total, summary.blocks.done], [this.blocks, this.blocks]);
    return summary;
  }

  /** The run has failed, and left no more than the blocks that are done. */
  async assertFailed(run: FaultRun, options: { says: readonly string[]; keeps?: boolean }): Promise<string> {
    const { code, signal: killed, err } = await run.ended;
    assertEquals([killed, code], [null, 1], err);
    const line = err.trim().split("\n").at(-1)!;
    for (const words of options.says) assert(line.includes(words), `'${words}' is not in the error: ${err}`);
    this.assertNothingLeft(options.keeps ? ["out.tif.journal", "out.tif.part"] : []);
    return line;
  }

  /** No process of the run, and so no port; no file but these, and no temporary one. */
  assertNothingLeft(outputs: readonly string[]): void {
    assertEquals(processesMarked(this.#mark), [], "processes are left");
    assertEquals(
      filesIn(this.path).filter((name) => name.startsWith("out.") || name.startsWith(".")),
      outputs,
    );
    assertEquals(filesIn(this.file("tmp")), [], "temporary files are left");
    assertEquals([...filesUnder(this.file("state"))], [], "the register is not empty");
  }

  /** Waits for the processes of killed runs to end by themselves. */
  async processesEnd(withinMs: number): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (processesMarked(this.#mark).length > 0) {
      assert(performance.now() < deadline, `still there: ${processesMarked(this.#mark)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A test that fails must not leave a run behind either.
    for (const pid of processesMarked(this.#mark)) signal(pid, "SIGKILL");
    await Promise.all(this.#runs.map(({ ended }) => ended));
    this.#folder[Symbol.dispose]();
  }

  #log(): string[] {
    try {
      return Deno.readTextFileSync(this.file("log")).split("\n").filter((line) => line !== "");
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }
}

/** How the notices name a block of the scene. */
export function describedBlock(n: number, across: number): string {
  return `block (${n % across}, ${Math.floor(n / across)})`;
}

function* filesUnder(folder: string): Iterable<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* filesUnder(join(folder, name));
    else yield join(folder, name);
  }
}

function functionText(folder: string, each: string): string {
  return `
const folder = ${JSON.stringify(folder)};
const cell = new Int32Array(new SharedArrayBuffer(4));
const pause = (ms: number) => Atomics.wait(cell, 0, 0, ms);
const note = (what: string, n: number) =>
  Deno.writeTextFileSync(folder + "/log", Deno.pid + " " + what + " " + n + "\\n", { append: true });
const once = (name: string) => {
  try {
    Deno.mkdirSync(folder + "/marks/" + name);
    return true;
  } catch {
    return false;
  }
};

export default async (info: any, { img }: any, outputs: any, args: any) => {
  const [x, y] = info.getBlockCount();
  const n = y * info.getTotalBlocks()[0] + x;
  note("begin", n);
  ${each}
  outputs.out = img.data.map((value: number) => 65535 - value);
  for (const value of img.data) args.sum += value;
  args.blocks.push(n);
  note("end", n);
};

export function mergeOtherArgs(total: any, block: any) {
  total.sum += block.sum;
  total.blocks.push(...block.blocks);
}
`;
}
