/**
 * Connects to a manager at whichever of its addresses answers first, and says of each why it did not.
 *
 * @module
 */
import { AuthError, type BlockfleetError, ChannelClosedError, messageOf, ProtocolError } from "../errors.ts";
import { type PinnedCertificate, startPinnedTls } from "./certificate.ts";
import { type ByteStream, closeStream } from "./connection.ts";
import { offerHandshake, UnansweredProofError } from "./handshake.ts";
import type { Prover } from "./proof.ts";

/** What dialling takes. */
export interface DialOptions {
  /** The run. */
  readonly runId: string;
  /** Names or addresses of the manager's host. */
  readonly hosts: readonly string[];
  /** Its port. */
  readonly port: number;
  /** Its certificate; undefined for a plain connection. */
  readonly pin: PinnedCertificate | undefined;
  /** Knows the run's key. */
  readonly prover: Prover;
  /** How long an address that took the connection has for the rest of the handshake, milliseconds. There may be a
   * thousand others before us. */
  readonly handshakeMs: number;
  /** Ends all attempts. */
  readonly signal?: AbortSignal | undefined;
}

/** Why one address did not do. */
export interface DialFailure {
  /** The address, with its port. */
  readonly address: string;
  /** The cause. The last three can't become better by themselves. */
  readonly cause:
    | "refused"
    | "timedOut"
    | "unresolved"
    | "broken"
    | "unanswered"
    | "certificate"
    | "key"
    | "protocol";
  /** The cause in words. */
  readonly detail: string;
}

/** What dialling gave. */
export type DialOutcome = { readonly stream: ByteStream } | { readonly failures: readonly DialFailure[] };

/** Each address gets this long to take the connection, milliseconds. */
const ADDRESS_MS = 5000;
/** The next address is tried, too, when those before have not answered for this long, milliseconds. */
const NEXT_ADDRESS_MS = 250;

/** Dials every address: each with a start a little later than the one before. The first that proves itself is taken. */
export async function dial(options: DialOptions): Promise<DialOutcome> {
  const { hosts, signal } = options;
  const failures: DialFailure[] = [];
  const { promise: found, resolve: take } = Promise.withResolvers<ByteStream>();
  let isTaken = false;
  const attempts = hosts.map((host, index) => {
    const attempt = new DialAttempt(options, host);
    const { promise: started, resolve: start } = Promise.withResolvers<void>();
    const timer = setTimeout(start, index * NEXT_ADDRESS_MS);
    const run = async () => {
      await started;
      if (isTaken) return;
      try {
        const stream = await attempt.run();
        if (isTaken) return closeStream(stream);
        isTaken = true;
        take(stream);
      } catch (error) {
        failures.push(attempt.failure(error));
      }
    };
    return { attempt, timer, start, done: run() };
  });
  const giveUp = (taken?: ByteStream) => {
    // Those that have not begun must not.
    isTaken = true;
    for (const { attempt, timer, start } of attempts) {
      clearTimeout(timer);
      start();
      attempt.giveUp(taken);
    }
  };
  const abort = () => giveUp();
  signal?.addEventListener("abort", abort);
  const stream = await Promise.race([
    found,
    Promise.all(attempts.map(({ done }) => done)).then(() => undefined),
  ]);
  signal?.removeEventListener("abort", abort);
  giveUp(stream);
  return stream
    ? { stream }
    : { failures: inOrder(failures, attempts.map(({ attempt }) => attempt.address)) };
}

/** The error that says of every address why it did not do. */
export function dialError(runId: string, failures: readonly DialFailure[]): BlockfleetError {
  const tried = failures.map(({ address, detail }) => `${address} ${detail}`).join("; ");
  const message = `Cannot connect to the manager of run ${runId}: ${tried}`;
  const causes = new Set(failures.map(({ cause }) => cause));
  if (causes.has("key") || causes.has("certificate")) return new AuthError(message);
  if (causes.has("protocol")) return new ProtocolError(message);
  return new ChannelClosedError(message);
}

/** Whether it is of no use to try again. */
export function areHopeless(failures: readonly DialFailure[]): boolean {
  return failures.every(({ cause }) => cause === "key" || cause === "certificate" || cause === "protocol");
}

function inOrder(failures: readonly DialFailure[], addresses: readonly string[]): DialFailure[] {
  return failures.toSorted((a, b) => addresses.indexOf(a.address) - addresses.indexOf(b.address));
}

/** One address. */
class DialAttempt {
  readonly address: string;
  readonly #options: DialOptions;
  readonly #host: string;
  #stream: ByteStream | undefined;
  #isExpired = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #expire: (() => void) | undefined;

  constructor(options: DialOptions, host: string) {
    this.#options = options;
    this.#host = host;
    this.address = host.includes(":") ? `[${host}]:${options.port}` : `${host}:${options.port}`;
  }

  async run(): Promise<ByteStream> {
    const { promise: expired, resolve } = Promise.withResolvers<undefined>();
    const expire = this.#expire = () => {
      this.#isExpired = true;
      if (this.#stream) closeStream(this.#stream);
      resolve(undefined);
    };
    this.#timer = setTimeout(expire, ADDRESS_MS);
    const proving = this.#prove();
    // Whoever waits for it may have gone.
    proving.catch(() => {});
    try {
      const stream = await Promise.race([proving, expired]);
      if (stream) return stream;
      throw new Deno.errors.TimedOut();
    } catch (error) {
      if (this.#stream) closeStream(this.#stream);
      throw error;
    } finally {
      clearTimeout(this.#timer);
      this.#expire = undefined;
    }
  }

  /** Another address has been taken. */
  giveUp(taken: ByteStream | undefined): void {
    if (taken === undefined || this.#stream !== taken) this.#expire?.();
  }

  async #prove(): Promise<ByteStream> {
    const { port, pin, prover, runId } = this.#options;
    const tcp = await Deno.connect({ hostname: this.#host, port });
    this.#keep(tcp);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#expire?.(), this.#options.handshakeMs);
    // Before TLS: its connections have no such method.
    tcp.setNoDelay(true);
    const stream = pin ? this.#keep(await startPinnedTls(tcp, pin)) : tcp;
    await offerHandshake(stream, { prover, runId, certificateHash: pin?.hash });
    return stream;
  }

  #keep<Stream extends ByteStream>(stream: Stream): Stream {
    this.#stream = stream;
    if (!this.#isExpired) return stream;
    closeStream(stream);
    throw new Deno.errors.TimedOut();
  }

  failure(error: unknown): DialFailure {
    const { address } = this;
    const because = (cause: DialFailure["cause"], detail: string) => ({ address, cause, detail });
    if (this.#isExpired || error instanceof Deno.errors.TimedOut) {
      const seconds = (ms: number) => `did not answer within ${(ms / 1000).toFixed(0)} s`;
      return because(
        "timedOut",
        this.#stream ? `took the connection but ${seconds(this.#options.handshakeMs)}` : seconds(ADDRESS_MS),
      );
    }
    if (error instanceof Deno.errors.ConnectionRefused) return because("refused", "refused the connection");
    if (error instanceof AuthError) {
      const isTls = error.cause instanceof Deno.errors.InvalidData;
      return because(isTls ? "certificate" : "key", `is not this run's manager: ${messageOf(error)}`);
    }
    if (error instanceof UnansweredProofError) {
      const what = "closed the connection and did not answer our proof";
      return because("unanswered", `${what}: its run is over, it is busy, or the key is another run's`);
    }
    if (error instanceof ProtocolError) return because("protocol", `is not our manager: ${messageOf(error)}`);
    // Deno has no class of its own for names that can't be resolved.
    if (/lookup address|resolve/i.test(messageOf(error))) {
      return because("unresolved", "is a name without an address");
    }
    return because("broken", `failed: ${messageOf(error)}`);
  }
}
