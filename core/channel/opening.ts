/**
 * A connection between proof and session: exactly one frame is due, and soon.
 *
 * @module
 */
import { ProtocolError } from "../errors.ts";
import type { Connection, ConnectionEnd, ConnectionHandler } from "./connection.ts";
import { FrameKind } from "./frame.ts";

/** What an opening takes. */
export interface OpeningOptions {
  /** How long the frame may take, milliseconds. */
  readonly patienceMs: number;
  /** The frame has come; gives the connection its next handler. */
  opened(body: Uint8Array<ArrayBuffer>): void;
  /** The peer broke the rules, or did nothing. One that has left by itself is no matter. */
  failed(reason: string): void;
}

/** Waits for a worker's first frame. */
export class Opening implements ConnectionHandler {
  /** No message of a session has been received. */
  readonly received = 0;
  readonly #options: OpeningOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOpen = false;

  /** An opening; `watch` gives it its connection. */
  constructor(options: OpeningOptions) {
    this.#options = options;
  }

  /** Closes the connection if nothing comes. */
  watch(connection: Connection): void {
    const { patienceMs } = this.#options;
    this.#timer = setTimeout(
      () => connection.close(`it did not open a session within ${patienceMs / 1000} s`, true),
      patienceMs,
    );
  }

  /** A frame. */
  control(kind: number, body: Uint8Array<ArrayBuffer>): void {
    if (kind !== FrameKind.OPEN || this.#isOpen) this.#refuse();
    this.#isOpen = true;
    clearTimeout(this.#timer);
    this.#options.opened(body);
  }

  /** No message is due. */
  message(): void {
    this.#refuse();
  }

  /** A sign of life, no more: there is nothing to acknowledge. */
  acknowledged(count: number): void {
    if (count !== 0) this.#refuse();
  }

  /** No status is due. */
  status(): void {
    this.#refuse();
  }

  /** The connection is over. */
  ended({ reason, isBroken }: ConnectionEnd): void {
    clearTimeout(this.#timer);
    if (!this.#isOpen && isBroken) this.#options.failed(reason);
  }

  #refuse(): never {
    throw new ProtocolError("It sent a frame that is not due");
  }
}
