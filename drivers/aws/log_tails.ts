/**
 * The ends of workers' logs in CloudWatch, for those that ended in trouble.
 *
 * @module
 */
import type { EndCause } from "../../core/driver.ts";
import { messageOf } from "../../core/errors.ts";
import { sleep } from "../../core/sleep.ts";
import type { AwsSend } from "./api.ts";
import { type AwsError, toAwsError } from "./aws_error.ts";
import { TAIL_LINES, tailText } from "./log_text.ts";

/** Where a container logs. */
export interface LogPlace {
  /** The log group. */
  readonly group: string;
  /** The log stream. */
  readonly stream: string;
  /** The region, where it is said. */
  readonly region?: string | undefined;
}

/** How a worker ended. */
export interface LoggedEnd {
  /** Why. */
  readonly cause: EndCause;
  /** Its exit code, if it had one. */
  readonly exitCode?: number;
  /** Where it logged, if it did. */
  readonly log?: LogPlace;
  /** Whether it had ever connected. */
  readonly hasConnected: boolean;
}

/** How long a log is waited for, milliseconds. */
export interface LogTimes {
  /** The longest wait for the end of a log, which comes late. */
  readonly mostMs: number;
  /** The same for a worker that had work: another is only asked for in its place when its end has been told. */
  readonly workedMs: number;
  /** Between two looks at it. */
  readonly againMs: number;
}

/** What holds on AWS. */
export const LOG_TIMES: LogTimes = { mostMs: 5000, workedMs: 2000, againMs: 1000 };

/** What reading logs takes. */
export interface LogTailsOptions {
  /** Calls AWS in a region; undefined for that of the environment. */
  send(region: string | undefined): AwsSend;
  /** How long to wait. */
  readonly times: LogTimes;
  /** What must not show, such as the run's key. */
  readonly secrets: readonly string[];
  /** A line for the user. */
  notice(line: string): void;
}

/** Logs that are looked at together: GetLogEvents has a quota of 10 to 25 calls a second. */
const AT_ONCE = 4;
/** Pages for one look: a page may be empty though older ones are not (GetLogEvents, CloudWatch Logs API Reference). */
const MOST_PAGES = 3;
/** Kinds of errors that may pass while a log is waited for: its stream may not be known everywhere yet. */
const PASSING = new Set(["missing", "throttled", "capacity", "unanswered"]);

/** Reads the ends of logs until it is closed. Loads nothing before the first. */
export class LogTails {
  readonly #options: LogTailsOptions;
  readonly #closed = new AbortController();
  readonly #sends = new Map<string | undefined, AwsSend>();
  readonly #telling = new Set<Promise<void>>();
  readonly #waiting = new Set<() => void>();
  #reading = 0;
  #isDenied = false;

  /** Reads nothing yet. */
  constructor(options: LogTailsOptions) {
    this.#options = options;
  }

  /**
   * Gives the end of the log of a worker that has ended as soon as it is known, or undefined if it is not to be had in time; at
   * once where there is no log, or nothing that it would have to explain. A log is a help and no condition: whatever keeps it
   * from being read, `then` is called.
   */
  tell(end: LoggedEnd, then: (tail: string | undefined) => void): void {
    const { log, hasConnected } = end;
    if (log === undefined || !isTrouble(end) || this.#isDenied || this.#closed.signal.aborted) {
      return then(undefined);
    }
    const { mostMs, workedMs } = this.#options.times;
    const telling: Promise<void> = this.#tail(log, hasConnected ? workedMs : mostMs).then((tail) => {
      this.#telling.delete(telling);
      then(tail);
    });
    this.#telling.add(telling);
  }

  /** Waits for no log any more: all that is still to be told is told now. */
  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.all(this.#telling);
    for (const send of this.#sends.values()) send.destroy();
    this.#sends.clear();
  }

  async #tail(place: LogPlace, limitMs: number): Promise<string | undefined> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), limitMs);
    const patience = AbortSignal.any([this.#closed.signal, late.signal]);
    try {
      return await this.#inTurn(patience, () => this.#await(place, patience));
    } finally {
      clearTimeout(timer);
    }
  }

  async #inTurn<Result>(patience: AbortSignal, read: () => Promise<Result>): Promise<Result | undefined> {
    while (this.#reading >= AT_ONCE && !patience.aborted) {
      const turn = Promise.withResolvers<void>();
      this.#waiting.add(turn.resolve);
      patience.addEventListener("abort", () => turn.resolve());
      await turn.promise;
      this.#waiting.delete(turn.resolve);
    }
    if (patience.aborted) return undefined;
    this.#reading++;
    try {
      return await read();
    } finally {
      this.#reading--;
      const [next] = this.#waiting;
      // Not twice to the same one.
      if (next) this.#waiting.delete(next);
      next?.();
    }
  }

  /** Looks until two looks give the same: the last lines are those that explain, and they come last. */
  async #await(place: LogPlace, patience: AbortSignal): Promise<string | undefined> {
    let before: string | undefined;
    while (!patience.aborted && !this.#isDenied) {
      const now = await this.#look(place, patience);
      if (now !== undefined && now === before) break;
      before = now ?? before;
      if (!this.#isDenied) await sleep(this.#options.times.againMs, patience);
    }
    return before;
  }

  async #look(place: LogPlace, signal: AbortSignal): Promise<string | undefined> {
    try {
      const text = tailText(await this.#messages(place, signal), this.#options.secrets);
      return text === "" ? undefined : text;
    } catch (thrown) {
      if (signal.aborted) return undefined;
      const error = toAwsError("logs:GetLogEvents", thrown);
      if (!PASSING.has(error.kind)) this.#giveUp(error);
      return undefined;
    }
  }

  /** Without a time to begin at the newest page may be one of a time in which nothing was written. */
  async #messages({ group, stream, region }: LogPlace, signal: AbortSignal): Promise<string[]> {
    let nextToken: string | undefined;
    for (let page = 0; page < MOST_PAGES; page++) {
      const answer = await abortable(
        this.#send(region).send("logs:GetLogEvents", {
          logGroupName: group,
          logStreamName: stream,
          limit: TAIL_LINES,
          ...nextToken === undefined ? {} : { nextToken },
        }, { signal }),
        signal,
      );
      const events = answer.events ?? [];
      const isLast = answer.nextBackwardToken === undefined || answer.nextBackwardToken === nextToken;
      if (events.length > 0 || isLast) return events.map(({ message }) => message ?? "");
      nextToken = answer.nextBackwardToken;
    }
    return [];
  }

  /** One word is enough: what is denied for one log is denied for all. */
  #giveUp(error: AwsError): void {
    if (this.#isDenied) return;
    this.#isDenied = true;
    this.#options.notice(`The ends of the workers' logs can't be shown: ${messageOf(error)}`);
  }

  #send(region: string | undefined): AwsSend {
    let send = this.#sends.get(region);
    if (!send) this.#sends.set(region, send = this.#options.send(region));
    return send;
  }
}

/** A log for people. */
export function logWords({ group, stream }: LogPlace): string {
  return `stream '${stream}' of '${group}'`;
}

/** What is known of an end, whose last word is the log's place, with the log's end. */
export function withTail(text: string, tail: string | undefined): string {
  return tail === undefined ? text : `${text}, which ends with:\n${tail}`;
}

/** Whether an end is nobody's wish, so that its log may explain it; without ever connecting, no exit is a good one. */
function isTrouble({ cause, exitCode, hasConnected }: LoggedEnd): boolean {
  if (cause === "exit") return exitCode !== 0 || !hasConnected;
  return cause === "killed" || cause === "unknown";
}

/** Loading the SDK, too, is waited for no longer than that. */
async function abortable<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const over = Promise.withResolvers<never>();
  const stop = () => over.reject(signal.reason);
  signal.addEventListener("abort", stop);
  try {
    return await Promise.race([work, over.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
