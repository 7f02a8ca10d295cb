/**
 * What a worker process prints, line by line, as notices for the user: those of a user function that prints for each of a
 * million blocks are not all of them shown.
 *
 * @module
 */
import { printableText } from "./errors.ts";
import { withWorkerPermissions } from "./worker/permission_words.ts";

/** Lines that are shown at once, and those that may follow each second. */
const BURST_LINES = 100;
const LINES_A_SECOND = 10;
/** A longer line is cut here, characters. */
const LONGEST_LINE = 1000;
/** What a process says last on its standard error is part of the message about its end, and is not shown twice. */
const HOLD_MS = 300;

/** One worker's output. */
export class WorkerOutput {
  readonly #name: string;
  readonly #notice: (line: string) => void;
  readonly #now: () => number;
  #allowance = BURST_LINES;
  #lastMs: number;
  #left = 0;
  #held: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Output that begins now.
   *
   * @param name the worker, for people.
   * @param options `notice` takes a line for the user; `now` is a monotonic clock, milliseconds.
   */
  constructor(
    name: string,
    options: { readonly notice: (line: string) => void; readonly now?: () => number },
  ) {
    this.#name = name;
    this.#notice = options.notice;
    this.#now = options.now ?? (() => performance.now());
    this.#lastMs = this.#now();
  }

  /** Takes the bytes (UTF-8) of standard output. */
  standardOutput(): WritableStream<Uint8Array> {
    return lineSink((line) => this.#show(line));
  }

  /** Takes the bytes (UTF-8) of standard error. */
  standardError(): WritableStream<Uint8Array> {
    return lineSink((line) => this.#hold(line));
  }

  /**
   * The process has ended.
   *
   * @param isExplained whether the end of its standard error is told elsewhere.
   */
  close(isExplained: boolean): void {
    clearTimeout(this.#timer);
    if (isExplained) this.#held = [];
    this.#showHeld();
    this.#tellLeft();
  }

  #hold(line: string): void {
    this.#held.push(line);
    // A flood is no last word, and takes memory.
    if (this.#held.length > BURST_LINES) this.#showHeld();
    this.#timer ??= setTimeout(() => this.#showHeld(), HOLD_MS);
  }

  #showHeld(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const line of this.#held.splice(0)) this.#show(line);
  }

  #show(line: string): void {
    const nowMs = this.#now();
    const earned = (nowMs - this.#lastMs) / 1000 * LINES_A_SECOND;
    this.#allowance = Math.min(BURST_LINES, this.#allowance + earned);
    this.#lastMs = nowMs;
    if (this.#allowance < 1) {
      this.#left++;
      return;
    }
    this.#tellLeft();
    this.#allowance--;
    this.#notice(`${this.#name}: ${withWorkerPermissions(printableText(line))}`);
  }

  #tellLeft(): void {
    if (this.#left === 0) return;
    this.#notice(`${this.#name}: (${this.#left} more lines are not shown)`);
    this.#left = 0;
  }
}

/** Cuts a stream into lines; empty ones are left out. */
function lineSink(take: (line: string) => void): WritableStream<Uint8Array> {
  const decoder = new TextDecoder();
  let begun = "";
  const takeLine = (line: string) => {
    if (line.trim() !== "") take(line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}...` : line);
  };
  return new WritableStream({
    write(bytes) {
      const lines = (begun + decoder.decode(bytes, { stream: true })).split("\n");
      // Of a line without an end no more is kept than is shown.
      begun = lines.pop()!.slice(0, LONGEST_LINE + 1);
      for (const line of lines) takeLine(line.replace(/\r$/, ""));
    },
    close: () => takeLine(begun),
    abort: () => takeLine(begun),
  });
}
