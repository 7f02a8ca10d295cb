/**
 * The folder of a run's logs.
 *
 * @module
 */
import { join } from "@std/path/join";
import type { RegisterEntry, RunRegister } from "../../core/driver.ts";
import { ConfigError, messageOf } from "../../core/errors.ts";

/** The type of a log folder's line in the register. */
export const FOLDER_THING = "logs";

/** What to do where the log folder can't be used. */
export const ANOTHER_LOG_FOLDER = "choose another with logFolder";

/** Where a run's logs go. */
export function logFolderPath(runId: string, chosen: string | undefined, home: string): string {
  return chosen === undefined
    ? join(home, ".blockfleet", "logs", runId)
    : join(absolute(chosen), `blockfleet_${runId}`);
}

/** A run's log folder, which is removed at the end unless something in it may be of use. */
export class LogFolder {
  /** The folder. */
  readonly path: string;
  readonly #keep: boolean;
  readonly #entry: RegisterEntry;
  readonly #notice: (line: string) => void;
  #hasTrouble = false;

  private constructor(
    path: string,
    entry: RegisterEntry,
    options: { keep: boolean; notice(line: string): void },
  ) {
    this.path = path;
    this.#entry = entry;
    this.#keep = options.keep;
    this.#notice = options.notice;
  }

  /**
   * Makes the folder.
   *
   * @param options whether it stays in any case.
   * @throws {ConfigError} if it can't be made.
   */
  static async make(
    path: string,
    register: RunRegister,
    options: { keep: boolean; notice(line: string): void },
  ): Promise<LogFolder> {
    const entry = await register.intend({ type: FOLDER_THING, key: path });
    try {
      // Logs tell of paths and parameters; nobody else need read them.
      await Deno.mkdir(path, { recursive: true, mode: 0o700 });
    } catch (error) {
      await entry.gone();
      throw new ConfigError(
        `Cannot make the workers' log folder '${path}': ${messageOf(error)}: ${ANOTHER_LOG_FOLDER}`,
        { cause: error },
      );
    }
    await entry.made({});
    return new LogFolder(path, entry, options);
  }

  /** Something in it explains a failure. */
  keep(): void {
    this.#hasTrouble = true;
  }

  /** The run is over. */
  async finish({ areJobsGone }: { areJobsGone: boolean }): Promise<void> {
    const isKept = this.#keep || this.#hasTrouble;
    if (isKept) this.#notice(`The workers' logs are in ${this.path}`);
    // Jobs that are still there may write on: the cleanup that removes them removes the folder, too.
    if (!isKept && areJobsGone) await removeFolder(this.path);
    if (isKept || areJobsGone) await this.#entry.gone();
  }
}

/** Removes a folder with what is in it; one that is not there is as it should be. */
export async function removeFolder(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function absolute(path: string): string {
  return path.startsWith("/") ? path : join(Deno.cwd(), path);
}
