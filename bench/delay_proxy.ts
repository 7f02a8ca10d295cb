/**
 * Stands between workers and their manager as a long way over a network does: each byte arrives a fixed time after it was sent,
 * in both directions, and so do the making and the closing of connections. Nothing limits how many bytes are under way.
 *
 * As a program it takes TARGET_PORT and DELAY_MS, prints its own port, and runs until it is killed.
 *
 * @module
 */
import { MessageQueue } from "../core/message_queue.ts";

/** What has been read and is to be written at its time; no bytes at the end. */
interface Flight {
  readonly dueMs: number;
  readonly bytes: Uint8Array | undefined;
}

/** A proxy on loopback. */
export class DelayProxy implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 4096 });
  readonly #targetPort: number;
  readonly #delayMs: number;
  readonly #open = new Set<Deno.Conn>();
  readonly #running = new Set<Promise<void>>();

  /** A proxy for a port of this machine; `delayMs` is one way, half a round trip. */
  constructor(targetPort: number, delayMs: number) {
    this.#targetPort = targetPort;
    this.#delayMs = delayMs;
    this.#run(this.#accept());
  }

  /** Where it listens. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** Cuts all connections and ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) this.#close(connection);
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #run(work: Promise<void>): void {
    const running = work.finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #accept(): Promise<void> {
    for await (const near of this.#listener) {
      this.#open.add(near);
      this.#run(this.#connect(near));
    }
  }

  async #connect(near: Deno.TcpConn): Promise<void> {
    near.setNoDelay(true);
    const there = this.#carry(near);
    await sleep(this.#delayMs);
    try {
      const far = await Deno.connect({ hostname: "127.0.0.1", port: this.#targetPort });
      far.setNoDelay(true);
      this.#open.add(far);
      this.#run(this.#deliver(there, far));
      this.#run(this.#deliver(this.#carry(far), near));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      // Nobody is there, or has no room: the other side sees a connection that is closed.
      this.#close(near);
    }
  }

  /** Reads all that comes. */
  #carry(from: Deno.Conn): MessageQueue<Flight> {
    const flights = new MessageQueue<Flight>();
    const read = async () => {
      try {
        while (true) {
          const buffer = new Uint8Array(16 << 10);
          const count = await from.read(buffer);
          if (count === null) break;
          flights.push({ dueMs: performance.now() + this.#delayMs, bytes: buffer.subarray(0, count) });
        }
      } catch (error) {
        // Cut: for the other side that is an end, too.
        if (!(error instanceof Error)) throw error;
      }
      flights.push({ dueMs: performance.now() + this.#delayMs, bytes: undefined });
    };
    this.#run(read());
    return flights;
  }

  /** Writes what was read, each at its time. */
  async #deliver(flights: MessageQueue<Flight>, to: Deno.Conn): Promise<void> {
    try {
      for (let next = await flights.receive(); next?.bytes; next = await flights.receive()) {
        await sleep(next.dueMs - performance.now());
        for (let at = 0; at < next.bytes.byteLength;) at += await to.write(next.bytes.subarray(at));
      }
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    }
    this.#close(to);
  }

  #close(connection: Deno.Conn): void {
    this.#open.delete(connection);
    try {
      connection.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }
}

function sleep(ms: number): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}

if (import.meta.main) {
  const [port, delayMs] = Deno.args.map(Number);
  console.log(new DelayProxy(port!, delayMs!).port);
}
