/**
 * Our side of the comparisons: command lines of this project.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";

/** The command line of a program in this project, such as `../cli/main.ts`, relative to this folder. */
export function denoRun(program: string, args: readonly string[] = []): string[] {
  return [Deno.execPath(), "run", "-A", projectPath(program), ...args];
}

/** The path of a file of this project, relative to this folder. */
export function projectPath(relative: string): string {
  return fromFileUrl(new URL(relative, import.meta.url));
}

/** What a run of `apply` gets. */
export interface ApplyCommand {
  /** The user function's module, relative to this folder. */
  readonly userFunction: string;
  /** The input `img`. */
  readonly input: string;
  /** The output `ndvi`. */
  readonly output: string;
  /** Compute workers. */
  readonly workers: number;
  /** Their kind. Default CW_THREADS. */
  readonly kind?: string;
  /** Creation options, `KEY=VALUE`. */
  readonly creationOptions?: readonly string[];
  /** Side of the square window, pixels. Default the command's own. */
  readonly windowPixels?: number;
  /** Margin around each block, pixels. Default none. */
  readonly overlapPixels?: number;
}

/** `blockfleet apply`. */
export function applyCommand(command: ApplyCommand): string[] {
  const { userFunction, input, output, workers, creationOptions = [], windowPixels, overlapPixels } = command;
  const { kind = "CW_THREADS" } = command;
  return denoRun("../cli/main.ts", [
    "apply",
    projectPath(userFunction),
    ...["--in", `img=${input}`, "--out", `ndvi=${output}`],
    ...["--kind", kind, "--workers", String(workers)],
    ...creationOptions.flatMap((option) => ["--co", option]),
    ...windowPixels === undefined ? [] : ["--window", `${windowPixels}x${windowPixels}`],
    ...overlapPixels === undefined ? [] : ["--overlap", String(overlapPixels)],
    ...["--quiet", "--json"],
  ]);
}
