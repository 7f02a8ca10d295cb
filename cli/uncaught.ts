/**
 * Errors that nobody caught. On `CW_NONE` a user function shares the main thread, where what it did not wait for, such as a
 * timer that throws, would end the program with a stack.
 *
 * @module
 */
import { BlockfleetError, isError, messageOf, propertyText } from "../core/errors.ts";

/** Kept because a user function that runs in this thread (CW_NONE) has `Deno.exit` taken away while it does. */
const exitProcess: (status: number) => never = Deno.exit;

/**
 * From now on an uncaught error or rejection ends this process; "unload" listeners hear of it.
 *
 * @param tell says the error, and gives the exit status.
 */
export function exitOnUncaught(tell: (error: BlockfleetError) => number): void {
  const end = (event: Event, cause: unknown) => {
    event.preventDefault();
    const name = isError(cause) ? `${messageOf(propertyText(cause, "name"))}: ` : "";
    const advice = "a user function must wait for all that it begins, and catch its errors";
    exitProcess(
      tell(new BlockfleetError(`Nobody caught ${name}${messageOf(cause)}: ${advice}`, { cause })),
    );
  };
  globalThis.addEventListener("error", (event) => end(event, event.error));
  globalThis.addEventListener("unhandledrejection", (event) => end(event, event.reason));
}
