/**
 * The user function as the user gives it.
 *
 * @module
 */
import { ConfigError, messageOf } from "./errors.ts";
import { toModuleUrl } from "./module_url.ts";
import { selfContainedModule } from "./self_contained.ts";
import type { UserFunctionSpec } from "./worker/user_function.ts";

/**
 * Makes a user function ready to be sent to workers.
 *
 * @param userFunction a module's path or URL, with `#name` for an export other than the default, or a function.
 * @throws {ConfigError} if its file is missing, or the function is not self-contained.
 */
export async function userFunctionSpec(
  userFunction: string | URL | ((...args: never[]) => unknown),
): Promise<UserFunctionSpec> {
  if (typeof userFunction === "function") {
    return { kind: "source", text: await selfContainedModule(userFunction) };
  }
  if (typeof userFunction !== "string" && !(userFunction instanceof URL)) {
    throw new ConfigError("userFunction must be a module's path or URL, or a function");
  }
  const text = String(userFunction);
  const hash = text.lastIndexOf("#");
  const exportName = hash < 0 ? undefined : decodeURIComponent(text.slice(hash + 1));
  if (exportName === "") throw new ConfigError(`'${text}' names no export after its "#"`);
  const specifier = hash < 0 ? text : text.slice(0, hash);
  const url = toModuleUrl(specifier);
  if (url.protocol === "file:") await requireFile(url, specifier);
  return { kind: "module", url: url.href, exportName };
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
