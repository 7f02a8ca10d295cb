/**
 * The frames that open and close a session: their bodies, as plain data that is checked.
 *
 * @module
 */
import { messageOf, ProtocolError } from "../errors.ts";
import type { WorkerHello } from "../messages.ts";
import type { HeartbeatOptions } from "./connection.ts";
import { decodeHeader } from "./header_codec.ts";

/** A worker's first frame. */
export interface OpenFrame {
  /** The number that the worker was started with; undefined to be given one. */
  readonly worker: number | undefined;
  /** The worker's word about itself. */
  readonly hello: WorkerHello;
  /** The session to go on with, after a broken connection. */
  readonly resume: ResumePoint | undefined;
}

/** Where a session goes on. */
export interface ResumePoint {
  /** The session. */
  readonly token: string;
  /** Messages that this side has received, modulo 2^32. */
  readonly received: number;
}

/** The manager's answer. */
export interface WelcomeFrame extends HeartbeatOptions {
  /** The worker's number. */
  readonly worker: number;
  /** The session, by which it is resumed. */
  readonly token: string;
  /** Messages that the manager has received in it, modulo 2^32. */
  readonly received: number;
  /** How long after a broken connection the session can be resumed, milliseconds. */
  readonly graceMs: number;
}

const MOST_TEXT = 1000;
const MOST_THREADS = 4096;

/** An open frame's body. */
export function openBody({ worker, hello, resume }: OpenFrame): unknown {
  const { nativeId, host, pid, threads = 1, restarts = -1 } = hello;
  return [worker ?? -1, nativeId, host, pid, threads, restarts, resume?.token ?? "", resume?.received ?? 0];
}

/**
 * Reads an open frame.
 *
 * @throws {ProtocolError} if it is none.
 */
export function parseOpen(body: Uint8Array<ArrayBuffer>): OpenFrame {
  const [worker, nativeId, host, pid, threads, restarts, token, received] = list(body);
  const resumed = text(token);
  return {
    worker: worker === -1 ? undefined : whole(worker),
    hello: {
      nativeId: text(nativeId),
      host: text(host),
      pid: whole(pid),
      threads: threadCount(threads),
      ...restarts === -1 ? {} : { restarts: whole(restarts) },
    },
    resume: resumed === "" ? undefined : { token: resumed, received: whole(received) },
  };
}

/** A welcome's body. */
export function welcomeBody(welcome: WelcomeFrame): unknown {
  const { worker, token, received, heartbeatMs, lostAfterMs, graceMs } = welcome;
  return [worker, token, received, heartbeatMs, lostAfterMs, graceMs];
}

/**
 * Reads a welcome.
 *
 * @throws {ProtocolError} if it is none.
 */
export function parseWelcome(body: Uint8Array<ArrayBuffer>): WelcomeFrame {
  const [worker, token, received, heartbeatMs, lostAfterMs, graceMs] = list(body);
  return {
    worker: whole(worker),
    token: text(token),
    received: whole(received),
    heartbeatMs: Math.max(1, whole(heartbeatMs)),
    lostAfterMs: whole(lostAfterMs),
    graceMs: whole(graceMs),
  };
}

/** The body of a refusal or a farewell. */
export function reasonBody(reason: string): unknown {
  return [reason.slice(0, MOST_TEXT)];
}

/**
 * Reads a refusal or a farewell.
 *
 * @throws {ProtocolError} if it is none.
 */
export function parseReason(body: Uint8Array<ArrayBuffer>): string {
  return text(list(body)[0]);
}

function list(body: Uint8Array<ArrayBuffer>): unknown[] {
  const entries = decodeHeader({ header: body, parts: [] });
  if (!Array.isArray(entries)) throw new ProtocolError("The peer sent a frame that is no list");
  return entries;
}

function whole(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new ProtocolError("The peer sent something else where a count is due");
}

/** The scheduler reckons with a worker's threads. */
function threadCount(value: unknown): number {
  const threads = whole(value);
  if (threads >= 1 && threads <= MOST_THREADS) return threads;
  throw new ProtocolError(`A worker says that it has ${threads} threads`);
}

/** Texts of a peer are shown to people. */
function text(value: unknown): string {
  if (typeof value === "string" && value.length <= MOST_TEXT) return messageOf(value);
  throw new ProtocolError("The peer sent something else where a short text is due");
}
