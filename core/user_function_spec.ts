/**
 * The user function as the user gives it.
 *
 * @module
 */
import { ConfigError, messageOf } from "./errors.ts";
import { toModuleUrl } from "./module_url.ts";
import { patiently } from "./patience.ts";
import { selfContainedModule } from "./self_contained.ts";
import type { UserFunctionSpec } from "./worker/user_function.ts";

/** How a user function gets to the workers. */
export interface UserFunctionSpecOptions {
  /** Send its module's code, with what it imports; false: workers import the module by its URL. Default true. */
  readonly shipCode?: boolean | undefined;
  /** Ends the bundling of the code. */
  readonly signal?: AbortSignal | undefined;
  /** Hears that bundling takes long. Default nobody. */
  readonly onNotice?: (line: string) => void;
}

/**
 * Makes a user function ready to be sent to workers.
 *
 * @param userFunction a module's path or URL, with `#name` for an export other than the default, or a function.
 * @throws {ConfigError} if its file is missing, the function is not self-contained, its code can't be shipped, or
 * is not to be shipped by a compiled program.
 */
export async function userFunctionSpec(
  userFunction: string | URL | ((...args: never[]) => unknown),
  options: UserFunctionSpecOptions = {},
): Promise<UserFunctionSpec> {
  if (typeof userFunction === "function") return await inlineSpec(userFunction);
  if (typeof userFunction !== "string" && !(userFunction instanceof URL)) {
    throw new ConfigError("userFunction must be a module's path or URL, or a function");
  }
  const { specifier, exportName } = splitExport(String(userFunction));
  const url = toModuleUrl(specifier);
  requireScript(url, specifier);
  if (url.protocol === "file:") await requireFile(url, specifier);
  if (options.shipCode === false) {
    if (Deno.build.standalone) {
      throw new ConfigError(
        "A compiled program can't import a module that is not in it: leave out shipCode: false (--ship-code no)",
      );
    }
    return { kind: "module", url: url.href, exportName };
  }
  // Loaded here, as it brings a parser.
  const { bundleModule } = await import("./ship/bundle_module.ts");
  const { signal, onNotice } = options;
  const code = await patiently(bundleModule(url, { signal }), {
    onSlow: (seconds) =>
      onNotice?.(`Still gathering the code that '${specifier}' imports after ${seconds} s`),
  });
  return { kind: "source", url: url.href, exportName, code };
}

async function inlineSpec(userFunction: (...args: never[]) => unknown): Promise<UserFunctionSpec> {
  const text = await selfContainedModule(userFunction);
  const { shipText } = await import("./ship/bundle_module.ts");
  const source = `function:${encodeURIComponent(userFunction.name || "anonymous")}`;
  const before = text.indexOf(Function.prototype.toString.call(userFunction));
  return {
    kind: "source",
    url: undefined,
    exportName: undefined,
    code: await shipText(text, source, before),
  };
}

function splitExport(text: string): { specifier: string; exportName: string | undefined } {
  const hash = text.lastIndexOf("#");
  // A folder's name may have one too: `scene#3/ndvi.ts`.
  if (hash < 0 || text.includes("/", hash)) return { specifier: text, exportName: undefined };
  const name = text.slice(hash + 1);
  if (name === "") throw new ConfigError(`'${text}' names no export after its "#"`);
  try {
    return { specifier: text.slice(0, hash), exportName: decodeURIComponent(name) };
  } catch (error) {
    throw new ConfigError(`'${name}' in '${text}' is no export's name`, { cause: error });
  }
}

/** A name without an ending is JavaScript to Deno. */
function requireScript(url: URL, name: string): void {
  const [ending = ""] = /\.\w+$/.exec(url.pathname) ?? [];
  if (url.protocol !== "file:" || ending === "" || /^\.[cm]?[jt]sx?$/i.test(ending)) return;
  throw new ConfigError(
    `The user function '${name}' is neither TypeScript nor JavaScript, as it ends with ${ending}: give a module, ` +
      "such as ndvi.ts",
  );
}

async function requireFile(url: URL, name: string): Promise<void> {
  let isFile: boolean;
  try {
    ({ isFile } = await Deno.stat(url));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new ConfigError(`There is no user function at '${name}': no such file`);
    }
    throw new ConfigError(`Cannot read the user function '${name}': ${messageOf(error)}`, { cause: error });
  }
  if (!isFile) throw new ConfigError(`The user function '${name}' is not a file`);
}
