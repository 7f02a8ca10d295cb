/**
 * Calls AWS, and again where that may help and can't harm.
 *
 * @module
 */
import { sleep } from "../../core/sleep.ts";
import type { AwsAction, AwsInput, AwsOutput, AwsSend, AwsService } from "./api.ts";
import { type AwsError, toAwsError } from "./aws_error.ts";
import { type BackoffBounds, backoffMs } from "./backoff.ts";

/** How to call. */
export interface AwsCallerOptions {
  /** Longest wait for one answer, milliseconds. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** Delays between tries. */
  readonly backoff?: BackoffBounds;
  /** For how long a call is tried again unless it says otherwise, milliseconds. Default 120,000. */
  readonly budgetMs?: number;
  /** Ends trying again, for every call. */
  readonly signal?: AbortSignal;
}

/** How to make one call. */
export interface CallOptions {
  /**
   * What may be tried again: `all` that is transient (the call is idempotent), only what was `answered` (it did nothing then),
   * or `none`. Default `all`.
   */
  readonly retry?: "all" | "answered" | "none";
  /** For how long, milliseconds. */
  readonly budgetMs?: number;
  /** Until when "missing" only means "not there yet", as `performance.now()` tells the time. */
  readonly freshUntilMs?: number;
  /** Ends trying again; a call that is under way is still waited for, since its effect must be known. */
  readonly signal?: AbortSignal | undefined;
}

const REQUEST_MS = 30_000;
const BUDGET_MS = 120_000;
const BACKOFF: BackoffBounds = { leastMs: 500, mostMs: 20_000 };

/** Makes calls. */
export class AwsCaller {
  readonly #send: AwsSend;
  readonly #options: AwsCallerOptions;

  /** Calls through `send`. */
  constructor(send: AwsSend, options: AwsCallerOptions = {}) {
    this.#send = send;
    this.#options = options;
  }

  /**
   * The region that calls of a service go to.
   *
   * @throws what the SDK throws if there is none.
   */
  region(service: AwsService): Promise<string> {
    return this.#send.region(service);
  }

  /**
   * Makes a call.
   *
   * @throws {AwsError} when it failed for good, or for longer than the budget.
   */
  async call<Action extends AwsAction>(
    action: Action,
    input: AwsInput<Action>,
    options: CallOptions = {},
  ): Promise<AwsOutput<Action>> {
    const signal = either(options.signal, this.#options.signal);
    const endMs = performance.now() + (options.budgetMs ?? this.#options.budgetMs ?? BUDGET_MS);
    for (let tries = 1;; tries++) {
      try {
        return await this.#once(action, input);
      } catch (thrown) {
        const error = toAwsError(action, thrown);
        const nowMs = performance.now();
        const waitMs = backoffMs(tries, this.#options.backoff ?? BACKOFF);
        if (signal?.aborted || nowMs + waitMs > endMs || !mayRetry(error, options, nowMs)) throw error;
        await sleep(waitMs, signal);
        if (signal?.aborted) throw error;
      }
    }
  }

  /**
   * Checks the names in a call's input, as far as they can be known.
   *
   * @param what the input's name, for the error.
   * @throws {ConfigError} naming one that the call does not have.
   */
  async check(action: AwsAction, input: object, what: string): Promise<void> {
    await this.#send.check?.(action, input, what);
  }

  /**
   * Does something whose calls are not tried again any more after a while, so that an AWS that does not answer holds no one up
   * for ever.
   *
   * @param limitMs the while, milliseconds.
   */
  async within<Result>(limitMs: number, work: (caller: AwsCaller) => Promise<Result>): Promise<Result> {
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(), limitMs);
    try {
      const signal = either(over.signal, this.#options.signal)!;
      return await work(new AwsCaller(this.#send, { ...this.#options, signal }));
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends connections that are kept open. */
  destroy(): void {
    this.#send.destroy();
  }

  async #once<Action extends AwsAction>(action: Action, input: AwsInput<Action>): Promise<AwsOutput<Action>> {
    const limitMs = this.#options.requestTimeoutMs ?? REQUEST_MS;
    const giveUp = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timedOut = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = new Error(`no answer within ${limitMs / 1000} s`);
        error.name = "TimeoutError";
        // Whoever waits hears of the time, not of the abort that it causes.
        reject(error);
        giveUp.abort();
      }, limitMs);
    });
    try {
      return await Promise.race([this.#send.send(action, input, { signal: giveUp.signal }), timedOut]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function either(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  return one && other ? AbortSignal.any([one, other]) : one ?? other;
}

function mayRetry(error: AwsError, { retry = "all", freshUntilMs = 0 }: CallOptions, nowMs: number): boolean {
  if (retry === "none") return false;
  if (error.kind === "missing") return nowMs < freshUntilMs;
  if (error.kind === "unanswered") return retry === "all";
  return error.kind === "throttled" || error.kind === "capacity";
}
