/**
 * What is told of something that a user function threw: whatever it was, three texts of a length that a person reads.
 *
 * @module
 */
import { cutText, isError, propertyText, textOf } from "./errors.ts";

/** The longest texts, characters. */
const MAX_NAME = 200;
const MAX_MESSAGE = 2000;
const MAX_STACK = 16_000;

/** An error in texts. */
export interface ThrownFacts {
  /** Its name, such as `TypeError`; `Error` for what is no error. */
  readonly name: string;
  /** Its message, or the thing itself as a text. */
  readonly message: string;
  /** Its stack; empty if there is none. */
  readonly stack: string;
}

/** The facts of anything that was thrown. Never throws, whatever the properties of the thing do. */
export function thrownFacts(thrown: unknown): ThrownFacts {
  if (!isError(thrown)) return cutFacts({ name: "Error", message: textOf(thrown), stack: "" });
  return cutFacts({
    name: propertyText(thrown, "name"),
    message: propertyText(thrown, "message"),
    stack: propertyText(thrown, "stack"),
  });
}

/** Of an error that nobody caught, its causes and the errors that it is made of are shown with it: as many in all. */
const MAX_SHOWN = 10;

/**
 * Cuts something that nobody caught, and all that is shown with it, to the same lengths: Deno shows it, however long it is.
 *
 * @returns what is to be shown: the same, or another in its place where it can't be changed.
 */
export function cutUncaught(thrown: unknown): unknown {
  let left = MAX_SHOWN;

  /** What is shown in its place; undefined once there are enough. */
  function cut(one: unknown): unknown {
    if (left-- <= 0) return undefined;
    if (typeof one === "string") return cutText(one, MAX_MESSAGE);
    if (!isError(one)) return one;
    const facts = thrownFacts(one);
    for (const part of ["name", "message", "stack"] as const) {
      if (propertyText(one, part).length > facts[part].length) one[part] = facts[part];
    }
    const cause = cut(one.cause);
    if (cause !== one.cause) one.cause = cause;
    if (one instanceof AggregateError && one.errors.length > 0) {
      one.errors = Array.from(one.errors.slice(0, MAX_SHOWN), cut).filter((inner) => inner !== undefined);
    }
    return one;
  }

  try {
    return cut(thrown);
  } catch {
    // Such as a frozen error.
    const facts = thrownFacts(thrown);
    return Object.assign(new Error(facts.message), facts);
  }
}

/** The facts at the lengths that are told; the other side of a channel may send longer ones. */
export function cutFacts({ name, message, stack }: ThrownFacts): ThrownFacts {
  const shownMessage = cutText(message.trim(), MAX_MESSAGE);
  // A stack begins with the message; the places behind it must not be lost with the message's end.
  const at = message.length <= MAX_MESSAGE ? -1 : placeIn(stack, { name, message });
  const shownStack = at < 0 ? stack : stack.slice(0, at) + shownMessage + stack.slice(at + message.length);
  return {
    name: cutText(name, MAX_NAME),
    message: shownMessage,
    stack: cutText(shownStack, MAX_STACK),
  };
}

/**
 * Where a message stands in its stack; -1 if it does not. Only the places behind the error's name are looked at: to look for it
 * anywhere may take time that grows with the square of its length.
 */
function placeIn(stack: string, { name, message }: Pick<ThrownFacts, "name" | "message">): number {
  const firstColon = stack.slice(0, MAX_NAME).indexOf(": ");
  return [firstColon + 2, name.length + 2, 0].find((at) => stack.startsWith(message, at)) ?? -1;
}
