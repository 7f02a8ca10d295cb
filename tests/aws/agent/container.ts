/**
 * A container: a local process with the environment that it was given and nothing else.
 *
 * @module
 */
import type { LogStream } from "./log_stream.ts";

/** An image, as far as running it goes: what `docker inspect` says of it. */
export interface Image {
  /** Its ENTRYPOINT. */
  readonly entrypoint: readonly string[];
  /** Its CMD. */
  readonly cmd?: readonly string[];
  /** Its ENV. */
  readonly env?: Readonly<Record<string, string>>;
  /** The programs on its PATH by name, each as the words that start it here. */
  readonly programs?: Readonly<Record<string, readonly string[]>>;
}

/** What to run. */
export interface ContainerOptions {
  /** The image. */
  readonly image: Image;
  /** In the place of its ENTRYPOINT; its CMD is then not used. */
  readonly entryPoint?: readonly string[] | undefined;
  /** In the place of its CMD. */
  readonly command?: readonly string[] | undefined;
  /** Besides the image's own. */
  readonly environment: Readonly<Record<string, string>>;
  /** Between SIGTERM and SIGKILL, milliseconds. */
  readonly stopTimeoutMs: number;
  /** Its working folder. */
  readonly folder: string;
  /** Where its output goes; else it is lost. */
  readonly log?: LogStream | undefined;
}

/** A running container. */
export class Container {
  /** Its exit code when it has ended, as Docker gives it: 128 and the signal for one that was killed. */
  readonly ended: Promise<number>;
  /** Its process. */
  readonly pid: number;
  readonly #child: Deno.ChildProcess;
  readonly #stopTimeoutMs: number;
  #isEnded = false;
  #patience: ReturnType<typeof setTimeout> | undefined;

  /** Starts it. */
  constructor(options: ContainerOptions) {
    const { image, entryPoint, command, environment, folder, log } = options;
    const output = log ? "piped" : "null";
    const entry = entryPoint ?? image.entrypoint;
    const all = [...entry, ...command ?? (entryPoint ? [] : image.cmd ?? [])];
    // env(1) looks for a program on PATH, for which the image's list stands.
    const [word, ...words] = all[0] === "/usr/bin/env" ? all.slice(1) : all;
    const [program, ...args] = [...image.programs?.[word!] ?? [word!], ...words];
    this.#stopTimeoutMs = options.stopTimeoutMs;
    this.#child = new Deno.Command(program!, {
      args,
      cwd: folder,
      clearEnv: true,
      env: { ...image.env, ...environment },
      stdin: "null",
      stdout: output,
      stderr: output,
    }).spawn();
    this.pid = this.#child.pid;
    this.ended = this.#watch(log);
  }

  /** SIGTERM, and SIGKILL when the stop timeout is over. */
  stop(): void {
    if (this.#patience !== undefined || this.#isEnded) return;
    this.#patience = setTimeout(() => this.kill(), this.#stopTimeoutMs);
    this.#signal("SIGTERM");
  }

  /** SIGKILL. */
  kill(): void {
    this.#signal("SIGKILL");
  }

  async #watch(log: LogStream | undefined): Promise<number> {
    await log?.take([this.#child.stdout, this.#child.stderr]);
    const { code } = await this.#child.status;
    this.#isEnded = true;
    clearTimeout(this.#patience);
    return code;
  }

  #signal(signal: Deno.Signal): void {
    if (this.#isEnded) return;
    try {
      this.#child.kill(signal);
    } catch (error) {
      // It has ended in between.
      if (!(error instanceof TypeError)) throw error;
    }
  }
}

/** An AWS list of names and values as an object. */
export function environmentOf(
  list: readonly { name: string; value: string }[] | undefined,
): Record<string, string> {
  return Object.fromEntries((list ?? []).map(({ name, value }) => [name, value]));
}
