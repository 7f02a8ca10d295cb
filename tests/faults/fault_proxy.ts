/**
 * A TCP proxy that a test puts between workers and their manager.
 *
 * @module
 */
import { closeQuietly } from "../core/channel/channel_support.ts";

/** What becomes of the connections. */
export type ProxyMode = "pass" | "hold" | "refuse";

/** Passes bytes on, unless told otherwise. */
export class FaultProxy implements AsyncDisposable {
  /** Bytes that pass in one direction before a new connection is cut; asked for once a direction. */
  cutAfter: () => number = () => Infinity;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #target: () => number;
  readonly #open: Deno.TcpConn[][] = [];
  readonly #running: Promise<void>[] = [];
  #mode: ProxyMode = "pass";
  #flowing = Promise.withResolvers<void>();
  #cuts = 0;

  /** @param target the manager's port, asked for when a worker connects. */
  constructor(target: () => number) {
    this.#target = target;
    this.#flowing.resolve();
    this.#running.push(this.#accept());
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Connections that were cut in the middle. */
  get cuts(): number {
    return this.#cuts;
  }

  /** Connections that there were. */
  get connections(): number {
    return this.#open.length;
  }

  /** From now on bytes pass, or wait here on open connections, or new connections are refused. */
  set mode(mode: ProxyMode) {
    this.#mode = mode;
    if (mode === "hold") this.#flowing = Promise.withResolvers();
    else this.#flowing.resolve();
  }

  /** Cuts one connection, counted from 0 in the order in which they came. */
  cut(index: number): void {
    this.#open[index]!.forEach(closeQuietly);
  }

  async #accept(): Promise<void> {
    for await (const worker of this.#listener) {
      if (this.#mode === "refuse") worker.close();
      else this.#running.push(this.#connect(worker));
    }
  }

  async #connect(worker: Deno.TcpConn): Promise<void> {
    const ends = [worker];
    this.#open.push(ends);
    await this.#flowing.promise;
    const manager = await Deno.connect({ hostname: "127.0.0.1", port: this.#target() });
    ends.push(manager);
    for (const end of ends) end.setNoDelay(true);
    await Promise.all([[worker, manager], [manager, worker]].map(([from, to]) => this.#pump(from!, to!)));
  }

  async #pump(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(64 << 10);
    let left = this.cutAfter();
    try {
      for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
        await this.#flowing.promise;
        const passed = Math.min(count, left);
        for (let at = 0; at < passed;) at += await to.write(buffer.subarray(at, passed));
        left -= count;
        if (left < 0) {
          this.#cuts++;
          break;
        }
      }
    } catch (error) {
      // The other direction was cut.
      if (!(error instanceof Error)) throw error;
    }
    closeQuietly(from);
    closeQuietly(to);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.mode = "refuse";
    this.#listener.close();
    for (const ends of this.#open) ends.forEach(closeQuietly);
    await Promise.all(this.#running);
  }
}
