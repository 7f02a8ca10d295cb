/**
 * Servers, workers and bad connections for the channel's tests.
 *
 * @module
 */
import { ChannelServer, type ChannelServerOptions } from "../../../core/channel/channel_server.ts";
import { type ConnectOptions, ManagerChannel } from "../../../core/channel/manager_channel.ts";
import type { RemoteWorker } from "../../../core/channel/remote_worker.ts";
import type { FromWorker, LinkEnd, WorkerHello } from "../../../core/messages.ts";

export const HELLO: WorkerHello = { nativeId: "test.0", host: "localhost", pid: 1, threads: 2 };

/** Numbers that look random and are the same in each run (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A run's key. */
export function freshKey(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(32));
}

/** A server that collects what happens to it. */
export class TestServer implements AsyncDisposable {
  readonly workers: RemoteWorker[] = [];
  readonly notices: string[] = [];
  readonly messages: FromWorker[] = [];
  readonly ends: LinkEnd[] = [];
  readonly key: Uint8Array<ArrayBuffer>;
  server!: ChannelServer;
  onMessage: (message: FromWorker, worker: RemoteWorker) => void = (message) => this.messages.push(message);
  onWorker: (worker: RemoteWorker) => void = () => {};

  private constructor(key: Uint8Array<ArrayBuffer>) {
    this.key = key;
  }

  static async start(options: Partial<ChannelServerOptions> = {}): Promise<TestServer> {
    const test = new TestServer(options.key ?? freshKey());
    let next = 0;
    test.server = await ChannelServer.listen({
      runId: "run-1",
      key: test.key,
      reach: "machine",
      admit: (requested) => ({ worker: requested ?? next++ }),
      connected: (worker) => {
        test.workers.push(worker);
        worker.listen({
          message: (message) => test.onMessage(message, worker),
          ended: (end) => test.ends.push(end),
        });
        test.onWorker(worker);
      },
      notice: (line) => test.notices.push(line),
      ...options,
    });
    return test;
  }

  get port(): number {
    return this.server.address.port;
  }

  connect(options: Partial<ConnectOptions> & { readonly port?: number } = {}): Promise<ManagerChannel> {
    return ManagerChannel.connect({
      address: { ...this.server.address, port: options.port ?? this.port },
      key: this.key,
      worker: undefined,
      hello: HELLO,
      deadlineMs: 10_000,
      ...options,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close("the test is over");
  }
}

/** Waits until something holds. */
export async function until(holds: () => boolean, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`it did not come true: ${holds}`);
    await sleep(5);
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Stands between worker and manager; can cut connections after a number of bytes, and hold them back. */
export class CuttingProxy implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.Conn>();
  readonly #running: Promise<void>[] = [];
  readonly #target: number;
  /** Bytes from the worker that may pass before the connection is cut; counted anew for each connection. */
  cutAfter = Infinity;
  isRefusing = false;
  connections = 0;

  constructor(targetPort: number) {
    this.#target = targetPort;
    this.#running.push(this.#accept());
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  cut(): void {
    for (const connection of this.#open) closeQuietly(connection);
    this.#open.clear();
  }

  async #accept(): Promise<void> {
    for await (const inner of this.#listener) {
      this.connections++;
      if (this.isRefusing) {
        inner.close();
        continue;
      }
      const outer = await Deno.connect({ hostname: "127.0.0.1", port: this.#target });
      outer.setNoDelay(true);
      inner.setNoDelay(true);
      this.#open.add(inner).add(outer);
      this.#running.push(this.#pump(inner, outer, true), this.#pump(outer, inner, false));
    }
  }

  async #pump(from: Deno.Conn, to: Deno.Conn, counts: boolean): Promise<void> {
    const buffer = new Uint8Array(64 << 10);
    let left = this.cutAfter;
    try {
      for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
        const passed = counts ? Math.min(count, left) : count;
        for (let at = 0; at < passed;) at += await to.write(buffer.subarray(at, passed));
        left -= counts ? count : 0;
        if (left < 0) break;
      }
    } catch (error) {
      // Cut from outside.
      if (!(error instanceof Error)) throw error;
    }
    closeQuietly(from);
    closeQuietly(to);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.cut();
    await Promise.all(this.#running);
  }
}

export function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
