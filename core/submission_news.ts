/**
 * What a driver has asked a queue or a cloud for, as lines for the user: the ids by which jobs and the run are found again.
 *
 * @module
 */

/** What the lines say, and to whom. */
export interface SubmissionNewsOptions {
  /** The kind of worker. */
  readonly kind: string;
  /** The run. */
  readonly runId: string;
  /** What there is one of for each submission, such as `job`. */
  readonly noun: string;
  /** What was done to it. Default `submitted`. */
  readonly verb?: string;
  /** Whether ids follow each other, so that the first and the last say which are meant. Default true. */
  readonly isNumbered?: boolean;
  /** Where they are or write, such as `logs in FOLDER`. */
  where?(): string;
  /** A line for the user. */
  notice(line: string): void;
}

/** More than these are told by their first and last, or by their number. */
const MOST_NAMED = 4;
/** Between two lines while more is to come, milliseconds. */
const AGAIN_MS = 60_000;

/** Gathers submissions, and tells those that belong together in one line; the first line names the run, too. */
export class SubmissionNews {
  readonly #options: SubmissionNewsOptions;
  readonly #untold: { readonly id: string; readonly note: string | undefined }[] = [];
  #toldAtMs: number | undefined;

  /** Nothing has been submitted. */
  constructor(options: SubmissionNewsOptions) {
    this.#options = options;
  }

  /**
   * Something was accepted.
   *
   * @param note what it is, such as `array of 20`.
   */
  add(id: string, note?: string): void {
    this.#untold.push({ id, note });
  }

  /** More is to come, but not soon: tells what there is, unless the last line is less than a minute old. */
  tellSeldom(): void {
    if (this.#toldAtMs === undefined || performance.now() - this.#toldAtMs >= AGAIN_MS) this.tell();
  }

  /** Nothing more is to come for now: tells what has not been told. */
  tell(): void {
    const { kind, runId, verb = "submitted", where, notice } = this.#options;
    if (this.#untold.length === 0) return;
    const isFirst = this.#toldAtMs === undefined;
    const run = `, run ${runId}${where ? `; ${where()}` : ""}`;
    notice(`${kind}: ${verb} ${this.#things()}${isFirst ? run : ""}`);
    this.#toldAtMs = performance.now();
    this.#untold.length = 0;
  }

  #things(): string {
    const { noun, isNumbered = true } = this.#options;
    const count = this.#untold.length;
    if (count > MOST_NAMED) {
      const ids = isNumbered ? `, ${this.#untold[0]!.id} to ${this.#untold.at(-1)!.id}` : "";
      return `${count} ${noun}s${ids}`;
    }
    const named = this.#untold.map(({ id, note }) => note === undefined ? id : `${id} (${note})`);
    return `${noun}${count === 1 ? "" : "s"} ${named.join(", ")}`;
  }
}
