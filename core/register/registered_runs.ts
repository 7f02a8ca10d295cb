/**
 * The runs of this user that are in the register, of this machine and of others that share the folder.
 *
 * @module
 */
import { join } from "@std/path/join";
import { removeAddressFile } from "../channel/address_file.ts";
import { messageOf } from "../errors.ts";
import { checkOwned, type PrivateFolder } from "../private_folder.ts";
import { livenessOf } from "../process_identity.ts";
import {
  readRegisterFile,
  type RegisterRecord,
  removeRegisterFile,
  writeRegisterFile,
} from "./register_file.ts";
import { registerFolder } from "./register_folder.ts";
import type { RegisteredRun, ThingRecord } from "./run_register.ts";

/** A manager whose process can't be asked for is alive if its register was touched so lately, milliseconds. */
const ALIVE_MS = 60_000;

/** How registers are looked through. */
export interface ListRegisteredRunsOptions {
  /** Where they are. Default the user's. */
  readonly folder?: PrivateFolder | undefined;
  /** Told of each file that is no register of ours; it is skipped. */
  readonly onNotice: (line: string) => void;
}

/** Every run in the register, the oldest first. */
export async function listRegisteredRuns(options: ListRegisteredRunsOptions): Promise<StoredRun[]> {
  const { path: folder } = options.folder ?? registerFolder();
  const runs: StoredRun[] = [];
  for (const name of await namesIn(folder, options.onNotice)) {
    const path = join(folder, name);
    try {
      const { record, touched } = await readRegisterFile(path);
      const isAlive = await isManagerAlive(record, { touched, folder });
      runs.push(new StoredRun(path, record, isAlive));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) continue; // its run has ended in between
      options.onNotice(`The register '${path}' is skipped: ${messageOf(error)}`);
    }
  }
  return runs.sort((a, b) => a.startedAt < b.startedAt ? -1 : 1);
}

/** A run in the register. */
export class StoredRun implements RegisteredRun {
  readonly runId: string;
  readonly kind: string;
  readonly jobName?: string;
  readonly host: string;
  readonly pid: number;
  readonly startedAt: string;
  readonly isAlive: boolean;
  /** The URL of the module that its driver was loaded from, if it is a stranger's. */
  readonly driverModule: string | undefined;
  readonly #path: string;
  readonly #record: RegisterRecord;
  #things: readonly ThingRecord[];

  /** The run of that register file. */
  constructor(path: string, record: RegisterRecord, isAlive: boolean) {
    this.runId = record.runId;
    this.kind = record.kind;
    if (record.jobName !== undefined) this.jobName = record.jobName;
    this.host = record.manager.host;
    this.pid = record.manager.pid;
    this.startedAt = record.startedAt;
    this.isAlive = isAlive;
    this.driverModule = record.driverModule;
    this.#path = path;
    this.#record = record;
    this.#things = record.things;
  }

  get things(): readonly ThingRecord[] {
    return this.#things;
  }

  async gone(thing: ThingRecord): Promise<void> {
    this.#things = this.#things.filter((other) => other !== thing);
    if (this.#things.length === 0) await this.forget();
    else await writeRegisterFile(this.#path, { ...this.#record, things: this.#things });
  }

  /** Removes what the run left on this machine's disks: its address file, then the register itself. */
  async forget(): Promise<void> {
    const { addressFile } = this.#record;
    if (addressFile !== undefined) await removeAddressFile(addressFile);
    await removeRegisterFile(this.#path);
  }
}

async function namesIn(folder: string, onNotice: (line: string) => void): Promise<string[]> {
  try {
    checkOwned(folder, await Deno.lstat(folder));
    const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
    return names.filter((name) => name.endsWith(".json") && !name.startsWith("."));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) onNotice(messageOf(error));
    return [];
  }
}

async function isManagerAlive(
  { manager }: RegisterRecord,
  { touched, folder }: { touched: Date | null; folder: string },
): Promise<boolean> {
  const liveness = livenessOf(manager, touched);
  if (liveness !== "unknown") return liveness === "live";
  return touched === null || (await fileServerTime(folder)).getTime() - touched.getTime() <= ALIVE_MS;
}

/** The time by the clock that gives files their times: on a network file system not this machine's. */
async function fileServerTime(folder: string): Promise<Date> {
  const path = join(folder, `.now.${crypto.randomUUID()}`);
  // Outside of what removes it: that there is nothing to remove must not stand for why.
  await Deno.writeTextFile(path, "now", { mode: 0o600, createNew: true });
  try {
    return (await Deno.lstat(path)).mtime ?? new Date();
  } finally {
    await Deno.remove(path);
  }
}
