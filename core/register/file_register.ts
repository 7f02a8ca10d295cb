/**
 * The register of the run that is going on, kept in a file.
 *
 * @module
 */
import { join } from "@std/path/join";
import { BlockfleetError, messageOf } from "../errors.ts";
import { makePrivateFolder, type PrivateFolder } from "../private_folder.ts";
import { ownIdentity } from "../process_identity.ts";
import {
  type RegisterRecord,
  removeRegisterFile,
  touchRegisterFile,
  writeRegisterFile,
} from "./register_file.ts";
import { registerFolder } from "./register_folder.ts";
import type { RegisteredThing, RegisterEntry, RunRegister, ThingRecord } from "./run_register.ts";

/** The register of a run is touched so often while its manager is alive, milliseconds. */
const TOUCH_MS = 10_000;

/** What a register says of its run. */
export interface FileRegisterOptions {
  /** The run. */
  readonly runId: string;
  /** Its kind of worker. */
  readonly kind: string;
  /** The URL of the module that the driver was loaded from, if it is a stranger's. */
  readonly driverModule: string | undefined;
  /** The user's name for the job. */
  readonly jobName: string | undefined;
  /** Where registers are. Default the user's. */
  readonly folder?: PrivateFolder | undefined;
  /** A line for the user. */
  notice(line: string): void;
}

/** A register in a file. Close it when the run is over. */
export class FileRegister implements RunRegister {
  /** The file. */
  readonly path: string;
  readonly #facts: Omit<RegisterRecord, "things" | "addressFile">;
  readonly #notice: (line: string) => void;
  readonly #things = new Set<{ record: ThingRecord }>();
  readonly #touching: ReturnType<typeof setInterval>;
  #addressFile: string | undefined;
  #written: Promise<void> = Promise.resolve();
  #queued: Promise<void> | undefined;
  #touched: Promise<void> = Promise.resolve();
  #isClosed = false;

  private constructor(path: string, options: FileRegisterOptions) {
    const { runId, kind, driverModule, jobName } = options;
    this.path = path;
    this.#facts = {
      ...{ runId, kind, driverModule, jobName },
      manager: ownIdentity(),
      startedAt: new Date().toISOString(),
    };
    this.#notice = options.notice;
    this.#touching = setInterval(() => this.#touch(), TOUCH_MS);
  }

  /**
   * Begins the register of a run.
   *
   * @throws {ConfigError} if its folder can't be made, is another user's, or is open to others.
   * @throws {BlockfleetError} if it can't be written.
   */
  static async open(options: FileRegisterOptions): Promise<FileRegister> {
    const folder = options.folder ?? registerFolder();
    await makePrivateFolder(folder);
    const register = new FileRegister(join(folder.path, `${options.runId}.json`), options);
    try {
      await register.#save();
    } catch (error) {
      clearInterval(register.#touching);
      throw error;
    }
    return register;
  }

  async intend(thing: RegisteredThing): Promise<RegisterEntry> {
    const { type, key, data } = thing;
    const item: { record: ThingRecord } = {
      record: { type, key, state: "intended", ...data === undefined ? {} : { data } },
    };
    this.#things.add(item);
    await this.#save();
    return {
      made: (more) => {
        item.record = { ...item.record, state: "made", data: { ...item.record.data, ...more } };
        return this.#save();
      },
      gone: () => this.#things.delete(item) ? this.#save() : Promise.resolve(),
    };
  }

  /** The run's address file, which holds its key, is about to be written: a cleanup removes it, too. */
  async noteAddressFile(path: string): Promise<void> {
    this.#addressFile = path;
    await this.#save();
  }

  /**
   * The run is over: the register goes, unless something may be left. May be called again. Never fails: what can't be
   * removed is said.
   *
   * @returns what may be left.
   */
  async close(): Promise<readonly ThingRecord[]> {
    const things = [...this.#things].map(({ record }) => record);
    if (this.#isClosed) return things;
    this.#isClosed = true;
    clearInterval(this.#touching);
    await Promise.all([this.#written, this.#touched]);
    if (things.length > 0) return things;
    try {
      await removeRegisterFile(this.path);
    } catch (error) {
      this.#notice(`Cannot remove the register '${this.path}': ${messageOf(error)}`);
    }
    return things;
  }

  /** On disk when this settles; what is asked for while a write is under way goes with the next one. */
  #save(): Promise<void> {
    this.#queued ??= this.#written.then(() => {
      this.#queued = undefined;
      const writing = this.#write();
      this.#written = writing.catch(() => {}); // whoever asked for it is told
      return writing;
    });
    return this.#queued;
  }

  async #write(): Promise<void> {
    if (this.#isClosed && this.#things.size === 0) return;
    const things = [...this.#things].map(({ record }) => record);
    try {
      await this.#touched;
      await writeRegisterFile(this.path, { ...this.#facts, addressFile: this.#addressFile, things });
    } catch (error) {
      throw new BlockfleetError(
        `Cannot write the register '${this.path}': ${
          messageOf(error)
        }. Without it nothing could be cleaned up after a crash`,
        { cause: error },
      );
    }
  }

  #touch(): void {
    this.#touched = this.#written.then(() => touchRegisterFile(this.path)).catch((error) => {
      this.#notice(`Cannot touch the register '${this.path}': ${messageOf(error)}`);
    });
  }
}
