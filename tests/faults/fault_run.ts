/**
 * A run of the command line in a process of its own, to be watched and disturbed.
 *
 * @module
 */
import { commandLine, processesMarked, signal } from "./processes.ts";

/** How a process ended. */
export interface RunEnd {
  readonly signal: Deno.Signal | null;
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A run that takes longer hangs, and is killed, milliseconds. */
const LONGEST_MS = 120_000;

/** A run under way. */
export class FaultRun {
  readonly ended: Promise<RunEnd>;
  readonly #child: Deno.ChildProcess;
  readonly #mark: string;
  #err = "";
  #isOver = false;

  constructor(
    program: string,
    options: { args: readonly string[]; env: Readonly<Record<string, string>>; mark: string },
  ) {
    const { args, env, mark } = options;
    this.#mark = mark;
    this.#child = new Deno.Command(program, {
      ...{ args: [...args], env: { ...env, NO_COLOR: "1" } },
      ...{ stdin: "null", stdout: "piped", stderr: "piped" },
    }).spawn();
    this.ended = this.#end();
  }

  get pid(): number {
    return this.#child.pid;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** What it has said so far. */
  get err(): string {
    return this.#err;
  }

  /** The worker processes that there are, by number. */
  workers(): Map<number, number> {
    const found = new Map<number, number>();
    for (const pid of processesMarked(this.#mark)) {
      const words = commandLine(pid);
      const at = words.indexOf("-i");
      if (at >= 0) found.set(Number(words[at + 1]), pid);
    }
    return found;
  }

  signal(name: Deno.Signal): void {
    signal(this.pid, name);
  }

  /** Waits until something holds; fails if the run ends first. */
  async until(what: string, holds: () => boolean, withinMs = 30_000): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (!holds()) {
      if (this.#isOver) throw new Error(`the run ended before ${what}: ${this.#err}`);
      if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}: ${this.#err}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Waits until it has said something. */
  async said(words: string, withinMs?: number): Promise<void> {
    await this.until(`it said '${words}'`, () => this.#err.includes(words), withinMs);
  }

  async #end(): Promise<RunEnd> {
    const patience = setTimeout(() => this.signal("SIGKILL"), LONGEST_MS);
    const out = new Response(this.#child.stdout).text();
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) this.#err += text;
    const { signal, code } = await this.#child.status;
    clearTimeout(patience);
    this.#isOver = true;
    return { signal, code, out: await out, err: this.#err };
  }
}
