/**
 * The user function: how it is named, shipped and loaded.
 *
 * @module
 */
import { ConfigError, messageOf } from "../errors.ts";
import { loadShippedCode, type ShippedCode } from "../ship/shipped_code.ts";

/** A user function on its way to a worker, in plain data. */
export type UserFunctionSpec =
  | {
    readonly kind: "module";
    /** The module's absolute URL. */
    readonly url: string;
    /** The export, or undefined for the default. */
    readonly exportName: string | undefined;
  }
  | {
    readonly kind: "source";
    /** The module's code with all that it imports. */
    readonly code: ShippedCode;
    /** Where the module was, or undefined for a function given as a value. */
    readonly url: string | undefined;
    /** The export, or undefined for the default. */
    readonly exportName: string | undefined;
  };

/** What a user's module gives. */
export interface LoadedUserFunction {
  /** The function of one block. */
  // deno-lint-ignore no-explicit-any -- a boundary: what the user's function takes is the processor's business
  readonly call: (...args: any[]) => unknown;
  /** Merges a block's other args into the total, if the module exports such a function. */
  readonly mergeOtherArgs: ((total: unknown, block: unknown) => unknown) | undefined;
}

const MERGE_EXPORT = "mergeOtherArgs";

/** The SHA-256 of the code that is shipped, hexadecimal; undefined if none is. */
export function shippedHash(spec: UserFunctionSpec): string | undefined {
  return spec.kind === "source" ? spec.code.sha256 : undefined;
}

/** A user function for people. */
export function describeUserFunction(spec: UserFunctionSpec): string {
  if (spec.url === undefined) return "the user function";
  return `'${spec.url}${spec.exportName === undefined ? "" : `#${spec.exportName}`}'`;
}

/**
 * Loads a user function.
 *
 * @param codeHash the SHA-256 of the only code that may be run, hexadecimal; undefined for any.
 * @throws {ConfigError} if the module can't be loaded, has no such function (its exports are listed), or is other code
 *   than that.
 */
export async function loadUserFunction(
  spec: UserFunctionSpec,
  codeHash?: string | undefined,
): Promise<LoadedUserFunction> {
  requireCode(spec, codeHash);
  let exports: Record<string, unknown>;
  try {
    exports = spec.kind === "module" ? await import(spec.url) : await loadShippedCode(spec.code);
  } catch (error) {
    throw new ConfigError(`Cannot load ${describeUserFunction(spec)}: ${messageOf(error)}`, { cause: error });
  }
  const merge = exports[MERGE_EXPORT];
  return {
    call: chooseExport(spec, exports),
    mergeOtherArgs: typeof merge === "function" ? merge as LoadedUserFunction["mergeOtherArgs"] : undefined,
  };
}

/** That the hash is the code's own is seen when it is loaded. */
function requireCode(spec: UserFunctionSpec, codeHash: string | undefined): void {
  if (codeHash === undefined || spec.kind === "source" && spec.code.sha256 === codeHash) return;
  const given = spec.kind === "source" ? `code of SHA-256 ${spec.code.sha256}` : `'${spec.url}'`;
  throw new ConfigError(
    `The manager asks for ${given}, but this worker was started for code of SHA-256 ${codeHash}: it runs no other. ` +
      "Start the run again",
  );
}

/** The named export; else the default; else the only function there is. */
function chooseExport(spec: UserFunctionSpec, exports: Record<string, unknown>): LoadedUserFunction["call"] {
  const functions = Object.keys(exports).filter((name) =>
    typeof exports[name] === "function" && name !== MERGE_EXPORT
  );
  const wanted = spec.exportName;
  const name = wanted ??
    (functions.includes("default") || functions.length !== 1 ? "default" : functions[0]!);
  const chosen = Object.hasOwn(exports, name) ? exports[name] : undefined;
  if (typeof chosen === "function") return chosen as LoadedUserFunction["call"];
  const has = functions.length === 0 ? "it exports no function" : `its functions are ${functions.join(", ")}`;
  const what = wanted === undefined
    ? "no default export that is a function"
    : `no function named '${wanted}'`;
  throw new ConfigError(
    `${describeUserFunction(spec)} has ${what}: ${has}. Name one as FILE#NAME or export it as the default`,
  );
}
