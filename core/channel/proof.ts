/**
 * The proof that a peer knows the run's key, bound to everything that both sides have said and to the certificate.
 *
 * @module
 */
import type { Role } from "./hello.ts";

/** The length of a proof: that of SHA-256 (FIPS 180-4). */
export const PROOF_BYTES = 32;
/** The length of the run's key. */
export const KEY_BYTES = 32;

/** What a proof is about. */
export interface ProofSubject {
  /** The worker's hello, whole. */
  readonly workerHello: Uint8Array;
  /** The manager's hello, whole. */
  readonly managerHello: Uint8Array;
  /** The run. */
  readonly runId: string;
  /** The SHA-256 of the certificate (DER); undefined on a plain connection. */
  readonly certificateHash: Uint8Array | undefined;
}

/** Makes and checks proofs by one run's key. */
export class Prover {
  readonly #key: CryptoKey;

  private constructor(key: CryptoKey) {
    this.#key = key;
  }

  /**
   * A prover.
   *
   * @throws {RangeError} if the key has another length than 32 bytes.
   */
  static async create(key: Uint8Array<ArrayBuffer>): Promise<Prover> {
    if (key.byteLength !== KEY_BYTES) throw new RangeError(`A run's key has ${KEY_BYTES} bytes`);
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    return new Prover(await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]));
  }

  /** The proof (HMAC-SHA-256, RFC 2104) of a side. */
  async prove(role: Role, subject: ProofSubject): Promise<Uint8Array<ArrayBuffer>> {
    const proof = await crypto.subtle.sign("HMAC", this.#key, transcript(role, subject));
    return new Uint8Array(proof);
  }

  /** Whether `proof` is the one of that side. */
  async check(role: Role, subject: ProofSubject, proof: Uint8Array): Promise<boolean> {
    return equalInConstantTime(await this.prove(role, subject), proof);
  }
}

/** Each field behind its length, so that no two subjects give the same bytes. */
function transcript(role: Role, subject: ProofSubject): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder();
  const fields = [
    text.encode(`blockfleet channel proof of the ${role}`),
    subject.workerHello,
    subject.managerHello,
    text.encode(subject.runId),
    subject.certificateHash ?? text.encode("plain"),
  ];
  const bytes = new Uint8Array(fields.reduce((sum, field) => sum + 4 + field.byteLength, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const field of fields) {
    view.setUint32(at, field.byteLength);
    bytes.set(field, at + 4);
    at += 4 + field.byteLength;
  }
  return bytes;
}

/** Compares in a time that does not tell where the difference is. */
function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  if (a.byteLength !== b.byteLength) return false;
  let difference = 0;
  for (let at = 0; at < a.byteLength; at++) difference |= a[at]! ^ b[at]!;
  return difference === 0;
}
