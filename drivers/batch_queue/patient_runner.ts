/**
 * A scheduler that hangs must not hold up the end of a run.
 *
 * @module
 */
import type { CommandRunner } from "./run_command.ts";

/** A command gets so long at least, milliseconds. */
const LEAST_MS = 1000;
const TIMEOUT_MS = 60_000;
/** Once the run is over, an answer is awaited for so long: commands that end jobs must have their turn, too. */
const QUESTION_MS = 10_000;
/** Commands that end jobs go on for so long after the time is up, all together: a scheduler under load takes some seconds. */
const MORE_MS = 10_000;

/** Runs commands; once the run is over, none for longer than it is to be waited for. */
export class PatientRunner {
  readonly #run: CommandRunner;
  #questions = new AbortController();
  #endsAtMs = Infinity;

  /** Runs commands as long as they take. */
  constructor(run: CommandRunner) {
    this.#run = run;
  }

  /** Runs a command whose effect must be known, such as one that submits. */
  readonly run: CommandRunner = (argv, options = {}) => {
    const { timeoutMs = TIMEOUT_MS } = options;
    const leftMs = Math.max(LEAST_MS, this.#endsAtMs + MORE_MS - performance.now());
    return this.#run(argv, { ...options, timeoutMs: Math.min(timeoutMs, leftMs) });
  };

  /** Runs a command that only asks. */
  readonly ask: CommandRunner = (argv, options = {}) => {
    const { timeoutMs = TIMEOUT_MS } = options;
    const { signal } = this.#questions;
    if (this.#endsAtMs === Infinity) return this.#run(argv, { ...options, signal });
    const leftMs = Math.max(LEAST_MS, this.#endsAtMs - performance.now());
    return this.#run(argv, { ...options, signal, timeoutMs: Math.min(timeoutMs, leftMs, QUESTION_MS) });
  };

  /** Gives up questions that have not been answered yet: they will be asked anew. */
  giveUpQuestions(): void {
    this.#questions.abort();
    this.#questions = new AbortController();
  }

  /** Whatever begins from now on gets no longer than until `ms` milliseconds from now. */
  endWithin(ms: number): void {
    this.#endsAtMs = performance.now() + ms;
  }
}
