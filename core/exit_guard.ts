/**
 * Takes `Deno.exit()` and `close()` away from user functions that run in this very thread: they would end the run, with
 * its files half written, as if all were well.
 *
 * @module
 */

let guards = 0;
let exit: typeof Deno.exit | undefined;
let close: typeof globalThis.close | undefined;

/** Makes both throw until disposed of. Runs may overlap; the last one to end gives it back. */
export function guardExit(): Disposable {
  if (guards++ === 0) {
    exit = Deno.exit;
    close = globalThis.close;
    Deno.exit = () => {
      throw new Error("the user function called Deno.exit()");
    };
    globalThis.close = () => {
      throw new Error("the user function called close()");
    };
  }
  return {
    [Symbol.dispose](): void {
      if (--guards > 0) return;
      Deno.exit = exit!;
      globalThis.close = close!;
    },
  };
}
