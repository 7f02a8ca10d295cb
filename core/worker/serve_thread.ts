/**
 * The inside of a thread: takes its manager's messages and computes blocks.
 *
 * @module
 */
import type { ManagerLink } from "../driver.ts";
import { locks } from "../lock_manager.ts";
import { MessageQueue } from "../message_queue.ts";
import type { FromWorker, ToWorker } from "../messages.ts";
import { buffersOf } from "../payload.ts";
import type { ThreadAlive, ThreadStart } from "../thread.ts";
import { cutUncaught } from "../thrown_facts.ts";
import { THREAD_NAME_PREFIX } from "../worker_name.ts";
import { runComputeLoop } from "./compute_loop.ts";
import type { Processors } from "./processor.ts";

interface ThreadScope {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  addEventListener(type: "error", listener: (event: ErrorEvent) => void): void;
  addEventListener(type: "unhandledrejection", listener: (event: PromiseRejectionEvent) => void): void;
  addEventListener(type: "message", listener: (event: MessageEvent<ThreadStart | ToWorker>) => void): void;
  close(): void;
}

/** Whether this code runs in a thread that was started to run a worker program. */
export function inThread(): boolean {
  const { name } = globalThis as { name?: unknown };
  return "WorkerGlobalScope" in globalThis && typeof name === "string" && name.startsWith(THREAD_NAME_PREFIX);
}

/** Makes this Web Worker a compute worker with the given processors. Called once, by the worker program's entry. */
export function serveThread(processors: Processors): void {
  const scope = globalThis as unknown as ThreadScope;
  // Kept from user code that may put its own in their place.
  const post = scope.postMessage.bind(scope);
  const close = scope.close.bind(scope);
  // Standard output is the program's, for its results; what user functions print goes where messages go.
  console.log = console.info = console.debug = console.error;
  scope.addEventListener("error", (event) => shorten(event, event.error));
  scope.addEventListener("unhandledrejection", (event) => shorten(event, event.reason));
  const incoming = new MessageQueue<ToWorker>();
  scope.addEventListener("message", ({ data }) => {
    if (data.type !== "blockfleet:start") return incoming.push(data);
    // Never released: the end of this thread does that.
    locks.request(data.lockName, () => {
      post({ type: "blockfleet:alive" } satisfies ThreadAlive);
      const link = threadManagerLink(incoming, post, new Int32Array(data.status));
      // A rejection becomes the thread's error event, which the manager hears.
      runComputeLoop(link, processors).then(close);
      return new Promise<void>(() => {});
    });
  });
}

/** What {@linkcode shorten} has reported: it comes back as an event, and is short enough. */
let reported: unknown;

/** Cuts what nobody caught before Deno shows it. */
function shorten(event: Event, thrown: unknown): void {
  if (Object.is(thrown, reported)) return;
  const shown = cutUncaught(thrown);
  if (Object.is(shown, thrown)) return;
  event.preventDefault();
  reported = shown;
  reportError(shown);
}

function threadManagerLink(
  incoming: MessageQueue<ToWorker>,
  post: ThreadScope["postMessage"],
  status: Int32Array,
): ManagerLink {
  return {
    send(message: FromWorker): void {
      const payloads = message.type === "results"
        ? message.items.map((item) => item.payload)
        : message.type === "final"
        ? [message.payload]
        : [];
      post(message, buffersOf(payloads));
    },
    receive: () => incoming.receive(),
    // A thread without a manager is ended from outside.
    closed: false,
    computing(block: number): void {
      Atomics.store(status, 0, block);
      Atomics.add(status, 1, 1);
    },
  };
}
