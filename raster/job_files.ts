/**
 * The files of a job besides its outputs, which an output must not replace.
 *
 * @module
 */
import type { UserFunctionSpec } from "../core/worker/user_function.ts";
import type { ApplyOptions } from "./apply_options.ts";
import type { NamedFilePath } from "./output/file_claims.ts";
import type { OtherFiles } from "./output/output_paths.ts";
import { namedFiles } from "./named_files.ts";

/** The inputs, the reference, the user function's modules, and what the caller named besides. */
export function otherFilesOf(options: ApplyOptions, userFunction: UserFunctionSpec): OtherFiles {
  const { infiles, controls, otherFiles = [] } = options;
  const { reference, filesForExtent } = controls ?? {};
  // An input's name goes before a file that is called so.
  const isFile = (one: unknown): one is string | URL =>
    one instanceof URL || typeof one === "string" && !Object.hasOwn(infiles ?? {}, one);
  return {
    read: [
      ...namedFiles(infiles, "input").map(({ name, location }) => ({
        what: `input ${name}`,
        path: location,
      })),
      ...[reference].filter(isFile).map((path) => ({ what: "the reference", path })),
      ...(Array.isArray(filesForExtent) ? filesForExtent : []).filter(isFile).map((path) => ({
        what: "a file of filesForExtent",
        path,
      })),
      ...modulesOf(userFunction),
      ...otherFiles.filter(({ isWritten }) => !isWritten),
    ],
    written: otherFiles.filter(({ isWritten }) => isWritten),
  };
}

/** The user function's module and, where its code was bundled, the files that it imports. */
function modulesOf(userFunction: UserFunctionSpec): NamedFilePath[] {
  const { url } = userFunction;
  const imported = userFunction.kind === "source" ? userFunction.code.sources : [];
  return [
    ...imported.filter((source) => source !== url).map((path) => ({
      what: "a module that the user function imports",
      path,
    })),
    ...url === undefined ? [] : [{ what: "the user function's module", path: url }],
  ].filter(({ path }) => path.startsWith("file:"));
}
