/**
 * The command line in a process of its own.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";

const MAIN = fromFileUrl(new URL("../../cli/main.ts", import.meta.url));

/** How it ended. */
export interface CliResult {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
  /** How long it took. */
  readonly seconds: number;
}

/** A run of it. */
export class CliRun {
  /** Its end. */
  readonly result: Promise<CliResult>;
  readonly #child: Deno.ChildProcess;
  #stderr = "";
  #ended = false;

  constructor(
    args: readonly string[],
    { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
  ) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", MAIN, ...args],
      env: { ...env },
      cwd,
      ...{ stdin: "null", stdout: "piped", stderr: "piped" },
    }).spawn();
    this.result = this.#finish();
  }

  /** What it has said until now. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Whether it has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Its process. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Sends it a signal. */
  signal(name: Deno.Signal): void {
    this.#child.kill(name);
  }

  /** Ends it with SIGKILL, if it runs. */
  async kill(): Promise<void> {
    if (!this.#ended) this.#child.kill("SIGKILL");
    await this.result;
  }

  async #finish(): Promise<CliResult> {
    const startedMs = performance.now();
    const listening = (async () => {
      for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) this.#stderr += text;
    })();
    const stdout = await new Response(this.#child.stdout).text();
    await listening;
    const { code, signal } = await this.#child.status;
    this.#ended = true;
    return { code, signal, stdout, stderr: this.#stderr, seconds: (performance.now() - startedMs) / 1000 };
  }
}
