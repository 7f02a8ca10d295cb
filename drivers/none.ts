/**
 * `CW_NONE`: no workers; blocks are computed in the main thread, one after another.
 *
 * @module
 */
import type {
  Availability,
  Driver,
  DriverContext,
  Fleet,
  FleetSpec,
  LinkEnd,
  LinkHandler,
  ManagerLink,
  ToWorker,
  WorkerLink,
  WorkerProgram,
} from "../core/driver.ts";
import { guardExit } from "../core/exit_guard.ts";
import { messageOf } from "../core/errors.ts";
import { CW_NONE } from "../core/kinds.ts";
import { LocalFleet } from "../core/local_fleet.ts";
import { MessageQueue } from "../core/message_queue.ts";

/** The driver of `CW_NONE`. */
export const driver: Driver = {
  kind: CW_NONE,
  computeWorkersReadDefault: true,
  inProcess: true,
  supportsSingleBlock: false,
  canInterrupt: false,
  available(): Promise<Availability> {
    return Promise.resolve({ available: true });
  },
  start(spec: FleetSpec, context: DriverContext): Promise<Fleet> {
    const start = (_worker: number, _name: string, alive: () => void) =>
      new MainThreadLink(spec.program, alive);
    return Promise.resolve(new LocalFleet(spec, context, start));
  },
};

export default driver;

/** An asynchronous function that is still waiting for something this long after its run has ended is left alone. */
const ABANDON_MS = 2000;

/** How often the event loop is left idle for a moment. */
const BREATHE_MS = 100;

/** Runs the worker program in this thread and hands its messages over as they are. */
class MainThreadLink implements WorkerLink {
  readonly #program: WorkerProgram;
  #breathedMs = performance.now();
  readonly #incoming = new MessageQueue<ToWorker>();
  readonly #alive: () => void;
  #handler: LinkHandler | undefined;
  #closeReason: string | undefined;
  #computing: { block: number; sinceMs: number } | undefined;
  #ended = false;
  readonly #abandon = Promise.withResolvers<void>();
  #patience: ReturnType<typeof setTimeout> | undefined;

  constructor(program: WorkerProgram, alive: () => void) {
    this.#program = program;
    this.#alive = alive;
    // Not at once: whoever starts a link gets it before it hears of it.
    queueMicrotask(() => this.#run());
  }

  listen(handler: LinkHandler): void {
    this.#handler = handler;
  }

  send(message: ToWorker): void {
    this.#incoming.push(message);
  }

  computing(): { block: number; sinceMs: number } | undefined {
    return this.#computing;
  }

  close(reason: string): void {
    if (this.#closeReason !== undefined || this.#ended) return;
    this.#closeReason = reason;
    this.#incoming.close();
    this.#patience = setTimeout(() => this.#abandon.resolve(), ABANDON_MS);
  }

  async #run(): Promise<void> {
    const isClosed = () => this.#closeReason !== undefined;
    const link: ManagerLink = {
      send: (message) => {
        if (!isClosed()) this.#handler?.message(message);
      },
      breathe: () => this.#breathe(),
      receive: () => this.#incoming.receive(),
      get closed() {
        return isClosed();
      },
      computing: (block) => {
        this.#computing = block < 0 ? undefined : { block, sinceMs: performance.now() };
      },
    };
    const end = await this.#runProgram(link);
    this.#ended = true;
    this.#handler?.ended(this.#computing ? { ...end, computing: this.#computing.block } : end);
  }

  async #runProgram(link: ManagerLink): Promise<LinkEnd> {
    using _guard = guardExit();
    try {
      this.#alive();
      const abandoned = this.#abandon.promise.then(() => true);
      const computesOn = await Promise.race([this.#program.runHere(link), abandoned]) ?? false;
      return { reason: this.#closeReason ?? "it had no more to do", unexpected: false, computesOn };
    } catch (error) {
      return { reason: messageOf(error), unexpected: true };
    } finally {
      clearTimeout(this.#patience);
    }
  }

  // Signals are heard only when the event loop has nothing to do, which it never has with blocks one after another.
  #breathe(): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.#breathedMs < BREATHE_MS) return new Promise((resolve) => setImmediate(resolve));
    this.#breathedMs = nowMs;
    return new Promise((resolve) => setTimeout(resolve, 0));
  }
}
