/**
 * Finds the manager and opens a session with it, or goes on with one: tries again until a deadline.
 *
 * @module
 */
import { AbortedError, ChannelClosedError, ProtocolError } from "../errors.ts";
import { type ByteStream, Connection, type ConnectionEnd, type ConnectionHandler } from "./connection.ts";
import type { ConnectionOptions } from "./connection.ts";
import { dial, dialError, type DialFailure, type DialOptions, isHopeless } from "./dial.ts";
import { FrameKind } from "./frame.ts";
import { openBody, type OpenFrame, parseReason, parseWelcome, type WelcomeFrame } from "./session_frames.ts";
import { sleep } from "../sleep.ts";

/** What connecting a session takes. */
export interface ConnectSessionOptions {
  /** Where the manager is. */
  readonly dial: DialOptions;
  /** The first frame; made anew for each connection. */
  readonly open: () => OpenFrame;
  /** How the connection is watched until the manager has said how. */
  readonly connection: ConnectionOptions;
  /** How long to try, milliseconds. */
  readonly deadlineMs: number;
  /** How long to try while every address refuses the connection, milliseconds; default as long as otherwise. */
  readonly refusedMs?: number | undefined;
  /** Aborted when this worker has been told to end: one refused connection is then enough to believe that the manager is gone. */
  readonly leaving?: AbortSignal | undefined;
  /** Takes the connection over; must give it its next handler. */
  welcomed(connection: Connection, welcome: WelcomeFrame): void;
}

/** Between rounds, milliseconds; grows, and is scattered, since a thousand workers may wait for one manager. */
const ROUND_MS = { least: 200, most: 3000 };
/** Rounds that end without hope before it is given up: one can be a manager that was about to end. */
const HOPELESS_ROUNDS = 2;
/** Refusals in a row that it takes to believe them, whatever the clock says: this very process may have been stopped. */
const REFUSED_ROUNDS = 4;
const WELCOME_MS = 10_000;

/**
 * Opens a session.
 *
 * @throws {ChannelClosedError} if the manager refuses it; {@linkcode AbortedError} if the signal was aborted; otherwise
 *   the error that says why no address would do.
 */
export async function connectSession(options: ConnectSessionOptions): Promise<void> {
  const { runId, signal } = options.dial;
  const { refusedMs = Infinity, leaving } = options;
  const deadline = performance.now() + options.deadlineMs;
  let hopeless = 0;
  let refusals = { count: 0, sinceMs: 0 };
  for (let delayMs = ROUND_MS.least;; delayMs = Math.min(ROUND_MS.most, 2 * delayMs)) {
    // It may have been aborted between two rounds, too.
    const failures = signal?.aborted ? [] : await tryOnce(options);
    if (!failures) return;
    if (signal?.aborted) throw new AbortedError(`Connecting to the manager of run ${runId} was ended`);
    hopeless = isHopeless(failures) ? hopeless + 1 : 0;
    const nowMs = performance.now();
    if (failures.some(({ cause }) => cause !== "refused")) refusals = { count: 0, sinceMs: nowMs };
    else refusals = { count: refusals.count + 1, sinceMs: refusals.count === 0 ? nowMs : refusals.sinceMs };
    const isRefused = failures.some(({ cause }) => cause === "refused");
    const isGone = refusals.count >= REFUSED_ROUNDS && nowMs - refusals.sinceMs >= refusedMs ||
      isRefused && leaving?.aborted === true;
    const leftMs = deadline - nowMs;
    if (hopeless >= HOPELESS_ROUNDS || isGone || leftMs <= 0) throw dialError(runId, failures);
    // The last round begins at the deadline, not up to a whole delay before it.
    await sleep(Math.min(leftMs, delayMs * (0.5 + Math.random())), wakeUp(signal, leaving));
  }
}

/** Cuts a pause between two rounds short; a worker that is being told to end looks once more. */
function wakeUp(signal: AbortSignal | undefined, leaving: AbortSignal | undefined): AbortSignal | undefined {
  if (!leaving || leaving.aborted) return signal;
  return signal ? AbortSignal.any([signal, leaving]) : leaving;
}

async function tryOnce(options: ConnectSessionOptions): Promise<readonly DialFailure[] | undefined> {
  const outcome = await dial(options.dial);
  if ("failures" in outcome) return outcome.failures;
  const answer = await new Greeting(outcome.stream, options).answer;
  if (answer === undefined) return undefined;
  if ("refused" in answer) {
    throw new ChannelClosedError(
      `The manager of run ${options.dial.runId} does not want this worker: ${answer.refused}`,
    );
  }
  return [{ address: "the manager", cause: "broken", detail: `closed the connection: ${answer.lost}` }];
}

type Answer = undefined | { readonly refused: string } | { readonly lost: string };

/** A connection between proof and welcome. */
class Greeting implements ConnectionHandler {
  readonly received = 0;
  readonly #connection: Connection;
  readonly #options: ConnectSessionOptions;
  readonly #answer = Promise.withResolvers<Answer>();
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor(stream: ByteStream, options: ConnectSessionOptions) {
    this.#options = options;
    this.#connection = new Connection(stream, this, options.connection);
    this.#timer = setTimeout(
      () => this.#connection.close(`it did not answer within ${WELCOME_MS / 1000} s`),
      WELCOME_MS,
    );
    this.#connection.start();
    this.#connection.sendControl(FrameKind.OPEN, openBody(options.open()));
  }

  get answer(): Promise<Answer> {
    return this.#answer.promise;
  }

  control(kind: number, body: Uint8Array<ArrayBuffer>): void {
    if (kind === FrameKind.WELCOME) {
      const welcome = parseWelcome(body);
      clearTimeout(this.#timer);
      this.#connection.adopt(welcome);
      this.#options.welcomed(this.#connection, welcome);
      this.#answer.resolve(undefined);
    } else if (kind === FrameKind.REFUSAL) {
      this.#answer.resolve({ refused: parseReason(body) });
      this.#connection.close("it was refused");
    } else this.message();
  }

  message(): void {
    throw new ProtocolError("The manager sent a frame that is not due");
  }

  acknowledged(): void {}

  status(): void {
    this.message();
  }

  ended({ reason }: ConnectionEnd): void {
    clearTimeout(this.#timer);
    this.#answer.resolve({ lost: reason });
  }
}
