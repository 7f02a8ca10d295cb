/**
 * Messages that survive a broken connection: each side keeps what it has sent until the other has acknowledged it, and
 * sends the rest again over the next connection. So each message arrives exactly once, in order, or the session ends.
 *
 * @module
 */
import { ProtocolError } from "../errors.ts";
import type { Connection } from "./connection.ts";
import type { EncodedHeader } from "./header_codec.ts";
import { requireSendable } from "./message_size.ts";

/** One side of a session. Counts are modulo 2^32. */
export class SessionStream<Outgoing> {
  readonly #encode: (message: Outgoing) => EncodedHeader;
  #kept: (Outgoing | undefined)[] = [];
  #head = 0;
  #acknowledged = 0;
  #received = 0;
  #connection: Connection | undefined;

  /**
   * A session in which nothing was said yet.
   *
   * @param encode makes a message's bytes; called again when it is sent again.
   */
  constructor(encode: (message: Outgoing) => EncodedHeader) {
    this.#encode = encode;
  }

  /** Messages received. */
  get received(): number {
    return this.#received;
  }

  /** Messages sent that the peer has not acknowledged. */
  get unacknowledged(): number {
    return this.#kept.length - this.#head;
  }

  /** The connection in use. */
  get connection(): Connection | undefined {
    return this.#connection;
  }

  /**
   * Sends a message, now or when there is a connection again.
   *
   * @throws {MessageSizeError} if it is too large; then it is as if it had not been sent.
   */
  send(message: Outgoing): void {
    // Encoded without a connection, too: what is kept must be one that can be sent.
    const encoded = requireSendable(this.#encode(message));
    this.#kept.push(message);
    this.#connection?.send(encoded);
  }

  /** A message has come. */
  countReceived(): void {
    this.#received = (this.#received + 1) >>> 0;
  }

  /**
   * The peer has received `count` messages.
   *
   * @throws {ProtocolError} if that is more than were sent.
   */
  acknowledge(count: number): void {
    const newly = (count - this.#acknowledged) >>> 0;
    // A heartbeat between two pieces overtakes what was laid out before it: then an older count comes later.
    if (newly === 0 || newly >= 2 ** 31) return;
    if (newly > this.unacknowledged) throw new ProtocolError("The peer acknowledged what was never sent");
    this.#acknowledged = count;
    this.#kept.fill(undefined, this.#head, this.#head += newly);
    // Cut off now and then: shifting for each message would move the whole list each time.
    if (this.#head >= 64 && 2 * this.#head >= this.#kept.length) {
      this.#kept.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /**
   * Goes on over a connection whose peer has received `count` messages of this session.
   *
   * @throws {ProtocolError} if that can't be.
   */
  attach(connection: Connection, count: number): void {
    this.acknowledge(count);
    this.#connection = connection;
    for (let at = this.#head; at < this.#kept.length; at++) connection.send(this.#encode(this.#kept[at]!));
  }

  /** The connection is lost. */
  detach(): void {
    this.#connection = undefined;
  }

  /** Forgets what was kept: the session is over. */
  drop(): void {
    this.#kept = [];
    this.#head = 0;
    this.#connection = undefined;
  }
}
