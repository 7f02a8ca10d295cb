import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { AbortedError } from "../../core/errors.ts";
import { LoadingWatch } from "../../core/loading_watch.ts";
import { patiently } from "../../core/patience.ts";

Deno.test("workers that don't get ready are told of after 10 s, then ever more rarely, until they are", () => {
  const watch = new LoadingWatch("'fn.ts'");
  const [a, b] = [{ id: 5, worker: 0, ready: true }, { id: 6, worker: 1, ready: false }];
  const late = { id: 7, worker: 2, ready: false };
  assertEquals(watch.check([a], 0), undefined);
  assertEquals(watch.check([a, b], 1000), undefined);
  assertEquals(watch.check([a, b, late], 10_900), undefined);
  assertMatch(watch.check([a, b, late], 11_000)!, /^Worker 1 and 1 more: still loading 'fn\.ts' after 10 s;/);
  assertEquals(watch.check([a, b, late], 60_900), undefined);
  assertMatch(watch.check([a, b], 61_000)!, /^Worker 1: still loading 'fn\.ts' after 60 s;/);
  assertEquals(watch.check([a, b], 360_900), undefined);
  assertMatch(watch.check([a, b], 361_000)!, / after 360 s;/);
  // Another has its own ten seconds.
  assertEquals(watch.check([a, { ...b, ready: true }], 400_000), undefined);
  assertEquals(watch.check([a, { ...b, id: 8 }], 500_000), undefined);
  assertEquals(watch.check([a, { ...b, id: 8 }], 509_900), undefined);
  assert(watch.check([a, { ...b, id: 8 }], 510_000));
});

Deno.test("who waits for what does not come hears of it after 10 s and 60 s, and an abort ends the waiting", async () => {
  const said: number[] = [];
  const stop = new AbortController();
  using timers = new HeldTimers();
  const never = new Promise<void>(() => {});
  const waiting = patiently(never, { onSlow: (seconds) => said.push(seconds), signal: stop.signal });
  const ended = assertRejects(() => waiting, AbortedError, "enough");
  assertEquals([timers.runNext(), said], [10_000, [10]]);
  assertEquals([timers.runNext(), said], [50_000, [10, 60]]);
  stop.abort(new Error("enough"));
  await ended;
  assertEquals(timers.count, 0);
  assertEquals(await patiently(Promise.resolve(5), { onSlow: () => said.push(0) }), 5);
  assertEquals(timers.count, 0);
});

/** Timers that go off when the test says. */
class HeldTimers implements Disposable {
  readonly #real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
  readonly #timers = new Map<number, { ms: number; run: () => void }>();
  #next = 1;

  constructor() {
    const set = (run: () => void, ms = 0) => {
      this.#timers.set(this.#next, { ms, run });
      return this.#next++;
    };
    const clear = (timer: number) => void this.#timers.delete(timer);
    Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
  }

  get count(): number {
    return this.#timers.size;
  }

  /** Lets the oldest go off; how long it was set for, milliseconds. */
  runNext(): number {
    const [timer, { ms, run }] = [...this.#timers][0]!;
    this.#timers.delete(timer);
    run();
    return ms;
  }

  [Symbol.dispose](): void {
    Object.assign(globalThis, this.#real);
  }
}
