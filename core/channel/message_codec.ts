/**
 * The words of manager and worker as headers and parts. Headers are flat lists that begin with a number for their type,
 * since a tiny block's result is little more than its header.
 *
 * @module
 */
import { messageOf, ProtocolError } from "../errors.ts";
import type { Assignment, BlockResult, FromWorker, RemoteError, ToWorker } from "../messages.ts";
import type { Payload } from "../payload.ts";
import { cutFacts } from "../thrown_facts.ts";
import type { WholeMessage } from "./frame_reader.ts";
import { decodeHeader, type EncodedHeader, encodeHeader, orUndefined } from "./header_codec.ts";
import { HeaderCursor } from "./header_cursor.ts";

/** The types' numbers on the wire. */
const Type = {
  INIT: 1,
  ASSIGN: 2,
  RELEASE: 3,
  END: 4,
  READY: 5,
  INIT_ERROR: 6,
  RESULTS: 7,
  BLOCK_ERROR: 8,
  RELEASED: 9,
  FINAL: 10,
  THREAD_LOST: 11,
  FINAL_ERROR: 12,
} as const;

const PHASES: readonly RemoteError["phase"][] = ["load", "read", "compute", "finish"];

/** Encodes what the manager says. What is returned is valid until the next call. */
export function encodeToWorker(message: ToWorker): EncodedHeader {
  switch (message.type) {
    case "init": {
      const { worker, session, processor, job, reading } = message.init;
      const parts: Uint8Array<ArrayBuffer>[] = [];
      const own = [processor, reading?.processor ?? "", reading?.threads ?? 0];
      return encodeHeader([Type.INIT, worker, session, ...own, ...packed(job, parts)], parts);
    }
    case "assign": {
      const header: unknown[] = [Type.ASSIGN];
      const parts: Uint8Array<ArrayBuffer>[] = [];
      for (const { block, attempt, input } of message.items) {
        header.push(block, attempt);
        if (input) header.push(...packed(input, parts));
        else header.push(null, -1);
      }
      return encodeHeader(header, parts);
    }
    case "release":
      return encodeHeader([Type.RELEASE, message.blocks]);
    case "end":
      return encodeHeader([Type.END]);
  }
}

/**
 * Decodes what the manager says.
 *
 * @throws {ProtocolError} if it says nothing that we know.
 */
export function decodeToWorker(message: WholeMessage): ToWorker {
  const cursor = new HeaderCursor(decodeHeader(message), message.parts);
  const type = cursor.count();
  switch (type) {
    case Type.INIT: {
      const worker = cursor.count();
      const session = cursor.count();
      const processor = cursor.text();
      const reading = { processor: cursor.text(), threads: cursor.count() };
      const init = { worker, session, processor, job: cursor.payload() };
      return { type: "init", init: reading.threads === 0 ? init : { ...init, reading } };
    }
    case Type.ASSIGN: {
      const items: Assignment[] = [];
      while (!cursor.atEnd) {
        const block = cursor.count();
        const attempt = cursor.count();
        const input = cursor.optionalPayload();
        items.push(input ? { block, attempt, input } : { block, attempt });
      }
      return { type: "assign", items };
    }
    case Type.RELEASE:
      return { type: "release", blocks: cursor.counts() };
    case Type.END:
      return { type: "end" };
    default:
      throw new ProtocolError(`The manager sent a message of unknown type ${type}`);
  }
}

/** Encodes what a worker says. What is returned is valid until the next call. */
export function encodeFromWorker(message: FromWorker): EncodedHeader {
  switch (message.type) {
    case "ready":
      return encodeHeader([Type.READY]);
    case "initError":
      return encodeHeader([Type.INIT_ERROR, ...packedError(message.error)]);
    case "finalError":
      return encodeHeader([Type.FINAL_ERROR, ...packedError(message.error)]);
    case "results": {
      const header: unknown[] = [Type.RESULTS, message.timings];
      const parts: Uint8Array<ArrayBuffer>[] = [];
      for (const { block, attempt, elapsedMs, payload } of message.items) {
        header.push(block, attempt, elapsedMs, orUndefined(payload.header), payload.parts.length);
        for (const part of payload.parts) parts.push(part);
      }
      return encodeHeader(header, parts);
    }
    case "blockError": {
      const { block, attempt, error } = message;
      return encodeHeader([Type.BLOCK_ERROR, block, attempt, ...packedError(error)]);
    }
    case "released":
      return encodeHeader([Type.RELEASED, message.blocks]);
    case "threadLost":
      return encodeHeader([Type.THREAD_LOST, message.block + 1, message.reason]);
    case "final": {
      const parts: Uint8Array<ArrayBuffer>[] = [];
      const header = [Type.FINAL, message.more ? 1 : 0, message.timings, ...packed(message.payload, parts)];
      return encodeHeader(header, parts);
    }
  }
}

/**
 * Decodes what a worker says.
 *
 * @throws {ProtocolError} if it says nothing that we know.
 */
export function decodeFromWorker(message: WholeMessage): FromWorker {
  const cursor = new HeaderCursor(decodeHeader(message), message.parts);
  const type = cursor.count();
  switch (type) {
    case Type.READY:
      return { type: "ready" };
    case Type.INIT_ERROR:
      return { type: "initError", error: remoteError(cursor) };
    case Type.FINAL_ERROR:
      return { type: "finalError", error: remoteError(cursor) };
    case Type.RESULTS: {
      const timings = cursor.amounts();
      const items: BlockResult[] = [];
      while (!cursor.atEnd) {
        const block = cursor.count();
        const attempt = cursor.count();
        const elapsedMs = cursor.amount();
        items.push({ block, attempt, elapsedMs, payload: cursor.payload() });
      }
      return { type: "results", items, timings };
    }
    case Type.BLOCK_ERROR: {
      const block = cursor.count();
      const attempt = cursor.count();
      return { type: "blockError", block, attempt, error: remoteError(cursor) };
    }
    case Type.RELEASED:
      return { type: "released", blocks: cursor.counts() };
    case Type.THREAD_LOST:
      return { type: "threadLost", block: cursor.count() - 1, reason: messageOf(cursor.text()) };
    case Type.FINAL: {
      const more = cursor.count() === 1;
      const timings = cursor.amounts();
      return { type: "final", timings, payload: cursor.payload(), ...more ? { more } : {} };
    }
    default:
      throw new ProtocolError(`A worker sent a message of unknown type ${type}`);
  }
}

/** A payload's two entries in a header: its own header and the number of its parts, which are added to `parts`. */
function packed({ header, parts: own }: Payload, parts: Uint8Array<ArrayBuffer>[]): [unknown, number] {
  for (const part of own) parts.push(part);
  return [orUndefined(header), own.length];
}

function packedError({ name, message, stack, phase }: RemoteError): unknown[] {
  return [name, message, stack, PHASES.indexOf(phase)];
}

function remoteError(cursor: HeaderCursor): RemoteError {
  const name = cursor.text();
  const message = cursor.text();
  const stack = cursor.text();
  const phase = PHASES[cursor.count()];
  if (!phase) throw new ProtocolError("A worker sent an error of an unknown phase");
  return { ...cutFacts({ name, message, stack }), phase };
}
