/**
 * The hello: the only thing that is read of a peer that has not proved itself, but for its proof.
 *
 * 64 bytes: magic (8), lowest and highest version (16 bits each, big-endian), role (8 bits), 19 zeros, 32 random bytes.
 *
 * @module
 */
import { ProtocolError } from "../errors.ts";

/** The length of a hello. */
export const HELLO_BYTES = 64;
/** Versions of the channel that this program speaks. */
const LOWEST_VERSION = 1;
const HIGHEST_VERSION = 1;

// The first byte is no letter, so that no text protocol begins like it; the line feed would show a mangled transfer.
const MAGIC = new Uint8Array([0xb1, 0x6f, 0x63, 0x6b, 0x66, 0x6c, 0x74, 0x0a]);
const VERSIONS_AT = 8;
const ROLE_AT = 12;
const ZEROS_AT = 13;
const RANDOM_AT = 32;

/** Who speaks. */
export type Role = "worker" | "manager";

const ROLES: readonly (Role | undefined)[] = [undefined, "worker", "manager"];

/** What a hello says. */
export interface Hello {
  /** The lowest version that the peer speaks. */
  readonly lowest: number;
  /** The highest version that the peer speaks. */
  readonly highest: number;
}

/** A fresh hello. */
export function makeHello(role: Role): Uint8Array<ArrayBuffer> {
  const hello = new Uint8Array(HELLO_BYTES);
  hello.set(MAGIC);
  const view = new DataView(hello.buffer);
  view.setUint16(VERSIONS_AT, LOWEST_VERSION);
  view.setUint16(VERSIONS_AT + 2, HIGHEST_VERSION);
  hello[ROLE_AT] = ROLES.indexOf(role);
  crypto.getRandomValues(hello.subarray(RANDOM_AT));
  return hello;
}

/**
 * Reads the hello of a peer.
 *
 * @param role what the peer has to be.
 * @throws {ProtocolError} if it is none.
 */
export function parseHello(hello: Uint8Array<ArrayBuffer>, role: Role): Hello {
  const view = new DataView(hello.buffer, hello.byteOffset, hello.byteLength);
  if (hello.byteLength !== HELLO_BYTES || MAGIC.some((byte, at) => hello[at] !== byte)) {
    throw new ProtocolError("It does not speak blockfleet's protocol");
  }
  if (ROLES[hello[ROLE_AT]!] !== role) throw new ProtocolError(`It is no ${role}`);
  if (hello.subarray(ZEROS_AT, RANDOM_AT).some((byte) => byte !== 0)) {
    throw new ProtocolError("Its hello has something where nothing may be");
  }
  const lowest = view.getUint16(VERSIONS_AT);
  const highest = view.getUint16(VERSIONS_AT + 2);
  if (lowest === 0 || lowest > highest) throw new ProtocolError("Its hello names no version");
  return { lowest, highest };
}

/**
 * The version to speak: the highest that both know.
 *
 * @throws {ProtocolError} if there is none; it names both sides' versions.
 */
export function commonVersion(peer: Hello): number {
  const own = { lowest: LOWEST_VERSION, highest: HIGHEST_VERSION };
  const version = Math.min(peer.highest, own.highest);
  if (version < Math.max(peer.lowest, own.lowest)) {
    throw new ProtocolError(
      `It speaks ${versions(peer)} of the channel's protocol, this side ${versions(own)}: ` +
        `use the same release of blockfleet on both`,
    );
  }
  return version;
}

function versions({ lowest, highest }: Hello): string {
  return lowest === highest ? `version ${lowest}` : `versions ${lowest} to ${highest}`;
}
