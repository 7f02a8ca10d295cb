/**
 * Asks the queue about all jobs of a run in one command, again and again.
 *
 * @module
 */
import { WakeUp } from "./wake_up.ts";

/** How often. */
const DELAY_MS = { least: 2000, most: 30_000, growth: 1.4 };
/** The scheduler's silence is worth a line to the user after so long. */
const SILENCE_MS = 60_000;

/** What a poller asks and tells. */
export interface QueuePollerOptions {
  /** Asks once and deals with the answer; true for an answer that brought news, a text for the trouble there was. */
  ask(): Promise<boolean | string>;
  /** Whether there is anything to ask about. */
  hasJobs(): boolean;
  /** A line for the user. */
  notice(line: string): void;
  /** Names the scheduler. */
  readonly title: string;
}

/** One poller for all jobs: every two seconds at first and after news, up to half a minute when all is well. */
export class QueuePoller {
  readonly #options: QueuePollerOptions;
  readonly #over = new AbortController();
  readonly #wake = new WakeUp();
  readonly #running: Promise<void>;
  #delayMs = DELAY_MS.least;
  #asking: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #asked = 0;
  #silentSinceMs: number | undefined;
  #hasTold = false;

  /** A poller that begins at once. */
  constructor(options: QueuePollerOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** How often it has asked. */
  get askedCount(): number {
    return this.#asked;
  }

  /** Something has changed: asks again after the shortest delay, or after `ms` milliseconds. */
  hasten(ms: number = DELAY_MS.least): void {
    this.#delayMs = Math.min(this.#delayMs, ms);
    this.#wake.notify();
  }

  /**
   * Asks at once. An answer that is on its way already may be older than the call, so the queue is asked once more after it, for
   * all who call meanwhile.
   */
  now(): Promise<void> {
    return this.#asking ? this.#next ??= this.#askNext() : this.#ask();
  }

  /** Asks no more. */
  async stop(): Promise<void> {
    this.#over.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      const since = performance.now();
      while (!signal.aborted && performance.now() - since < this.#delayMs) {
        await this.#wake.wait(this.#delayMs - (performance.now() - since), signal);
      }
      if (signal.aborted || !this.#options.hasJobs()) continue;
      await this.now();
    }
  }

  async #askNext(): Promise<void> {
    while (this.#asking) await this.#asking;
    this.#next = undefined;
    await this.#ask();
  }

  async #ask(): Promise<void> {
    const asking = this.#askOnce();
    this.#asking = asking;
    try {
      await asking;
    } finally {
      if (this.#asking === asking) this.#asking = undefined;
    }
  }

  async #askOnce(): Promise<void> {
    this.#asked++;
    const answer = await this.#options.ask();
    const isNews = answer === true;
    const longer = Math.min(DELAY_MS.most, this.#delayMs * DELAY_MS.growth);
    // A caller of hasten() wants one answer soon, not many.
    this.#delayMs = isNews ? DELAY_MS.least : Math.max(DELAY_MS.least, longer);
    if (typeof answer === "string") this.#silent(answer);
    else this.#heard();
  }

  /** A scheduler that does not answer says nothing about its jobs. */
  #silent(trouble: string): void {
    this.#silentSinceMs ??= performance.now();
    if (this.#hasTold || performance.now() - this.#silentSinceMs < SILENCE_MS) return;
    this.#hasTold = true;
    this.#options.notice(
      `${this.#options.title} does not answer (${trouble}): the run goes on with the workers it has`,
    );
  }

  #heard(): void {
    this.#silentSinceMs = undefined;
    if (!this.#hasTold) return;
    this.#hasTold = false;
    this.#options.notice(`${this.#options.title} answers again`);
  }
}
