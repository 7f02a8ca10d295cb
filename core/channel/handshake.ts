/**
 * The handshake: hellos, then proofs, the worker's first. The manager answers nothing but a valid one.
 *
 * @module
 */
import { AuthError, ChannelClosedError, ProtocolError } from "../errors.ts";
import type { ByteStream } from "./connection.ts";
import { commonVersion, HELLO_BYTES, makeHello, parseHello } from "./hello.ts";
import { PROOF_BYTES, type ProofSubject, type Prover } from "./proof.ts";

/** The manager has closed the connection where its proof was due: what it does if it does not know our key, too. */
export class UnansweredProofError extends ChannelClosedError {}

/** What both sides of a handshake must agree on. */
export interface HandshakeOptions {
  /** Knows the run's key. */
  readonly prover: Prover;
  /** The run. */
  readonly runId: string;
  /** The SHA-256 of the certificate (DER); undefined on a plain connection. */
  readonly certificateHash: Uint8Array | undefined;
}

/**
 * The manager's side, on a connection that it has accepted.
 *
 * @returns the version to speak.
 * @throws {ProtocolError} if the peer is no worker or speaks no version that we do.
 * @throws {AuthError} if its proof is wrong.
 * @throws {ChannelClosedError} if it closes.
 */
export async function acceptHandshake(stream: ByteStream, options: HandshakeOptions): Promise<number> {
  const workerHello = await readExactly(stream, HELLO_BYTES, "before it said hello");
  const peer = parseHello(workerHello, "worker");
  const managerHello = makeHello("manager");
  await writeAll(stream, managerHello);
  // After our hello, so that the worker can name both versions, too.
  const version = commonVersion(peer);
  const subject: ProofSubject = { ...options, workerHello, managerHello };
  const proof = await readExactly(stream, PROOF_BYTES, "before it gave its proof");
  if (!await options.prover.check("worker", subject, proof)) {
    throw new AuthError("It does not know the run's key");
  }
  await writeAll(stream, await options.prover.prove("manager", subject));
  return version;
}

/**
 * The worker's side, on a connection that it has made.
 *
 * @returns the version to speak.
 * @throws {ProtocolError} if the peer is no manager or speaks no version that we do.
 * @throws {AuthError} if the manager does not know our key.
 * @throws {UnansweredProofError} if it closes when it has our proof.
 * @throws {ChannelClosedError} if it closes before that.
 */
export async function offerHandshake(stream: ByteStream, options: HandshakeOptions): Promise<number> {
  const workerHello = makeHello("worker");
  await writeAll(stream, workerHello);
  const managerHello = await readExactly(stream, HELLO_BYTES, "before it said hello");
  const version = commonVersion(parseHello(managerHello, "manager"));
  const subject: ProofSubject = { ...options, workerHello, managerHello };
  await writeAll(stream, await options.prover.prove("worker", subject));
  let proof: Uint8Array;
  try {
    proof = await readExactly(stream, PROOF_BYTES, "");
  } catch (error) {
    // That may be a refusal of our key, or nothing but a connection that broke.
    throw new UnansweredProofError("It closed the connection and did not answer our proof", { cause: error });
  }
  if (!await options.prover.check("manager", subject, proof)) {
    throw new AuthError("It does not know the run's key");
  }
  return version;
}

async function readExactly(
  stream: ByteStream,
  byteLength: number,
  when: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(byteLength);
  for (let filled = 0; filled < byteLength;) {
    const count = await stream.read(bytes.subarray(filled));
    if (count === null) throw new ChannelClosedError(`It closed the connection ${when}`);
    filled += count;
    // A byte that can't be right already is refused at once, not when 64 of them have come.
    if (byteLength === HELLO_BYTES && bytes[0] !== FIRST_BYTE) {
      throw new ProtocolError("It does not speak blockfleet's protocol");
    }
  }
  return bytes;
}

const FIRST_BYTE = makeHello("worker")[0];

async function writeAll(stream: ByteStream, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) at += await stream.write(bytes.subarray(at));
}
