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

/** Runs the worker program in this thread and hands its messages over as they are. */
class MainThreadLink implements WorkerLink {
  readonly #program: WorkerProgram;
  readonly #incoming = new MessageQueue<ToWorker>();
  readonly #alive: () => void;
  #handler: LinkHandler | undefined;
  #closeReason: string | undefined;
  #computing = -1;
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

  close(reason: string): void {
    if (this.#closeReason !== undefined) return;
    this.#closeReason = reason;
    this.#incoming.close();
    this.#patience = setTimeout(() => this.#abandon.resolve(), ABANDON_MS);
  }

  async #run(): Promise<void> {
    const link: ManagerLink = {
      send: (message) => {
        if (this.#closeReason === undefined) this.#handler?.message(message);
      },
      receive: () => this.#incoming.receive(),
      poll: () => this.#closeReason === undefined ? this.#incoming.poll() : undefined,
      computing: (block) => this.#computing = block,
    };
    const exit = Deno.exit;
    // Deno.exit() in a user function would end the run, with its files half written, as if all were well.
    Deno.exit = () => {
      throw new Error("the user function called Deno.exit()");
    };
    let end: LinkEnd;
    try {
      this.#alive();
      await Promise.race([this.#program.runHere(link), this.#abandon.promise]);
      end = { reason: this.#closeReason ?? "it had no more to do", unexpected: false };
    } catch (error) {
      const reason = error instanceof Error ? error.stack ?? error.message : String(error);
      end = { reason, unexpected: true };
    } finally {
      clearTimeout(this.#patience);
      Deno.exit = exit;
    }
    this.#handler?.ended(this.#computing < 0 ? end : { ...end, computing: this.#computing });
  }
}
