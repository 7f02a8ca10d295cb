/**
 * Finds the manager and opens a session with it, or goes on with one: tries again until a deadline.
 *
 * @module
 */
import { AbortedError, ChannelClosedError, ProtocolError } from "../errors.ts";
import { type ByteStream, Connection, type ConnectionEnd, type ConnectionHandler } from "./connection.ts";
import type { ConnectionOptions } from "./connection.ts";
import { areHopeless, dial, dialError, type DialFailure, type DialOptions } from "./dial.ts";
import { FrameKind } from "./frame.ts";
import { openBody, type OpenFrame, parseReason, parseWelcome, type WelcomeFrame } from "./session_frames.ts";
import { sleep } from "../sleep.ts";

/** What connecting a session takes. */
export interface ConnectSessionOptions {
  /** Where the manager is. */
  readonly dial: Omit<DialOptions, "handshakeMs">;
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
  /** Takes a line for the worker's log. */
  readonly notice?: ((line: string) => void) | undefined;
  /** Takes the connection over; must give it its next handler. */
  welcomed(connection: Connection, welcome: WelcomeFrame): void;
}

/** Between rounds, milliseconds; grows, and is scattered, since a thousand workers may wait for one manager. */
const ROUND_MS = { least: 200, most: 3000 };
/** Rounds in a row that say the same before it is believed, whatever the clock says: this very process may have been stopped. */
const ROUNDS = 4;
/** Every address is another's for so long, milliseconds: then it is given up. It can be a manager that was about to end. */
const HOPELESS_MS = 5000;
/**
 * An address that has taken the connection has so long for the handshake, milliseconds, or what is left if that is less. It is
 * long because we may stand behind strangers, in a queue in which we would lose our place; and a manager may be stopped.
 */
const MOST_HANDSHAKE_MS = 30_000;
/** However little time is left. */
const LEAST_HANDSHAKE_MS = 5000;
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
  const isHopeless = lasting(HOPELESS_MS);
  const isGone = lasting(refusedMs);
  const isUnanswered = lasting(0);
  let isTold = false;
  for (let delayMs = ROUND_MS.least;; delayMs = Math.min(ROUND_MS.most, 2 * delayMs)) {
    // It may have been aborted between two rounds, too.
    const handshakeMs = between(deadline - performance.now(), LEAST_HANDSHAKE_MS, MOST_HANDSHAKE_MS);
    const failures = signal?.aborted ? [] : await tryOnce(options, handshakeMs);
    if (!failures) return;
    if (signal?.aborted) throw new AbortedError(`Connecting to the manager of run ${runId} was ended`);
    const causes = failures.map(({ cause }) => cause);
    const leftMs = deadline - performance.now();
    const isOver = isHopeless(areHopeless(failures)) || leftMs <= 0 ||
      isGone(causes.every((cause) => cause === "refused")) ||
      leaving?.aborted === true && causes.includes("refused");
    if (isOver) throw dialError(runId, failures);
    if (isUnanswered(causes.includes("unanswered")) && !isTold) {
      isTold = true;
      options.notice?.(
        `${dialError(runId, failures).message}; trying again for ${Math.ceil(leftMs / 1000)} s`,
      );
    }
    // The last round begins at the deadline, not up to a whole delay before it.
    await sleep(Math.min(leftMs, delayMs * (0.5 + Math.random())), wakeUp(signal, leaving));
  }
}

/** Cuts a pause between two rounds short; a worker that is being told to end looks once more. */
function wakeUp(signal: AbortSignal | undefined, leaving: AbortSignal | undefined): AbortSignal | undefined {
  if (!leaving || leaving.aborted) return signal;
  return signal ? AbortSignal.any([signal, leaving]) : leaving;
}

/** Tells whether something has been so for some rounds in a row, and for as long, milliseconds. */
function lasting(leastMs: number): (isSo: boolean) => boolean {
  let count = 0;
  let sinceMs = 0;
  return (isSo) => {
    if (!isSo) count = 0;
    else if (count++ === 0) sinceMs = performance.now();
    return count >= ROUNDS && performance.now() - sinceMs >= leastMs;
  };
}

function between(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}

async function tryOnce(
  options: ConnectSessionOptions,
  handshakeMs: number,
): Promise<readonly DialFailure[] | undefined> {
  const outcome = await dial({ ...options.dial, handshakeMs });
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
