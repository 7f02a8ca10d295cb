/**
 * Runs a scheduler's commands.
 *
 * @module
 */
import { messageOf } from "../../core/errors.ts";

/** What a command takes beyond its words. */
export interface RunCommandOptions {
  /** What it reads. Default nothing. */
  readonly stdin?: string | undefined;
  /** Its whole environment. Default this process's. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** When it is killed and counts as unanswered, milliseconds. Default 60,000. */
  readonly timeoutMs?: number | undefined;
  /** Kills it. */
  readonly signal?: AbortSignal | undefined;
}

/** How a command ended. */
export interface CommandResult {
  /** Its words. */
  readonly argv: readonly string[];
  /** Its exit status; undefined if it could not be started, was killed by a signal, or ran out of time. */
  readonly exitCode: number | undefined;
  /** What it wrote. */
  readonly stdout: string;
  /** What it complained of; if it could not be started or ran out of time, that. */
  readonly stderr: string;
}

/** Runs a command; tests give a scripted one. */
export type CommandRunner = (argv: readonly string[], options?: RunCommandOptions) => Promise<CommandResult>;

const TIMEOUT_MS = 60_000;
/** A killed command's children may hold its pipes open for so long. */
const PIPES_MS = 500;

/** Runs a command to its end. Never throws: a command that is not there is a result, too. */
export async function runCommand(
  argv: readonly string[],
  { stdin, env, timeoutMs = TIMEOUT_MS, signal }: RunCommandOptions = {},
): Promise<CommandResult> {
  const [program, ...args] = argv;
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program!, {
      args,
      stdin: stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
      ...env ? { env: { ...env }, clearEnv: true } : {},
    }).spawn();
  } catch (error) {
    const stderr = error instanceof Deno.errors.NotFound
      ? `${program}: command not found`
      : `${program}: ${messageOf(error)}`;
    return { argv, exitCode: undefined, stdout: "", stderr };
  }
  const stdout = new Collected(child.stdout);
  const stderr = new Collected(child.stderr);
  const writing = stdin === undefined ? Promise.resolve() : feed(child.stdin, stdin);
  let why: string | undefined;
  const kill = (reason: string) => {
    why = reason;
    try {
      child.kill("SIGKILL");
    } catch (error) {
      // It has ended in between, which is what was wanted.
      if (!(error instanceof TypeError)) throw error;
    }
  };
  const patience = setTimeout(() => kill(`no answer within ${timeoutMs / 1000} s`), timeoutMs);
  const abort = () => kill("the run is over");
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort);
  const status = await child.status;
  clearTimeout(patience);
  signal?.removeEventListener("abort", abort);
  await Promise.all([stdout.end(), stderr.end(), writing]);
  if (why !== undefined) {
    return { argv, exitCode: undefined, stdout: stdout.text, stderr: `${program}: ${why}` };
  }
  const exitCode = status.signal === null ? status.code : undefined;
  const killed = exitCode === undefined && stderr.text === "" ? `${program}: killed by ${status.signal}` : "";
  return { argv, exitCode, stdout: stdout.text, stderr: stderr.text + killed };
}

/** Everything a command writes, as far as it comes. */
class Collected {
  text = "";
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #done: Promise<void>;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
    this.#done = this.#read();
  }

  async end(): Promise<void> {
    const timer = setTimeout(() => this.#reader.cancel(), PIPES_MS);
    await this.#done;
    clearTimeout(timer);
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for (let next = await this.#reader.read(); !next.done; next = await this.#reader.read()) {
      this.text += decoder.decode(next.value, { stream: true });
    }
    this.text += decoder.decode();
  }
}

async function feed(stream: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stream.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch (error) {
    // A command that refuses early reads no further; why is in what it wrote.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
