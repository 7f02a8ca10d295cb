/**
 * A run's register on disk: one JSON file a run, whole or not at all.
 *
 * @module
 */
import { dirname } from "@std/path/dirname";
import { BlockfleetError } from "../errors.ts";
import { isObject } from "../is_object.ts";
import type { ProcessIdentity } from "../process_identity.ts";
import { checkOwned } from "../private_folder.ts";
import { syncFolder } from "../sync_folder.ts";
import type { ThingRecord } from "./run_register.ts";

/** What a register holds. */
export interface RegisterRecord {
  /** The run. */
  readonly runId: string;
  /** Its kind of worker. */
  readonly kind: string;
  /** The URL of the module that the driver was loaded from, if it is a stranger's. */
  readonly driverModule?: string | undefined;
  /** The user's name for the job. */
  readonly jobName?: string | undefined;
  /** The manager's process. */
  readonly manager: ProcessIdentity;
  /** When the run began, ISO 8601. */
  readonly startedAt: string;
  /** The run's address file, if it has one. */
  readonly addressFile?: string | undefined;
  /** What is not known to be gone, in the order in which it was made. */
  readonly things: readonly ThingRecord[];
}

const HEADING = "blockfleet run 1";
/** A register of ten thousand things is a few megabytes; whatever is much longer is none. */
const MOST_BYTES = 64 << 20;

/** Writes a register; on disk when this returns. Errors are the operating system's. */
export async function writeRegisterFile(path: string, record: RegisterRecord): Promise<void> {
  const partial = `${path}.part`;
  const bytes = new TextEncoder().encode(`${JSON.stringify({ format: HEADING, ...record }, null, 1)}\n`);
  {
    using file = await Deno.open(partial, { write: true, create: true, truncate: true, mode: 0o600 });
    for (let at = 0; at < bytes.byteLength;) at += await file.write(bytes.subarray(at));
    await file.sync();
  }
  await Deno.rename(partial, path);
  await syncFolder(dirname(path));
}

/**
 * Says that the register's run is alive, by the clock of the file server: the file's first byte is written again, since
 * times that are set come from the clock of whoever sets them.
 */
export async function touchRegisterFile(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true });
  await file.write(new TextEncoder().encode("{"));
}

/**
 * Reads a register, and when it was last touched.
 *
 * @throws {BlockfleetError} if it is none, cut off, or another user's.
 */
export async function readRegisterFile(
  path: string,
): Promise<{ record: RegisterRecord; touched: Date | null }> {
  const info = await Deno.lstat(path);
  if (!info.isFile) throw new BlockfleetError("it is no ordinary file");
  if (info.size > MOST_BYTES) throw new BlockfleetError("it is too long to be one");
  checkOwned(path, info);
  // Opened before it is asked for its time: a network file system then asks its server.
  using file = await Deno.open(path);
  const { mtime } = await file.stat();
  const text = await new Response(file.readable).text();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new BlockfleetError("it is cut off or damaged", { cause: error });
  }
  return { record: checkRecord(value), touched: mtime };
}

/** Removes a register. Missing ones are as they should be. */
export async function removeRegisterFile(path: string): Promise<void> {
  for (const name of [path, `${path}.part`]) {
    try {
      await Deno.remove(name);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  await syncFolder(dirname(path));
}

function checkRecord(value: unknown): RegisterRecord {
  const { format, ...record } = asObject(value, "it");
  if (format !== HEADING) throw new BlockfleetError("it is none, or another version's");
  for (const name of ["runId", "kind", "startedAt"]) checkText(record[name], name);
  for (const name of ["driverModule", "jobName", "addressFile"]) {
    if (record[name] !== undefined) checkText(record[name], name);
  }
  const manager = asObject(record.manager, "manager");
  for (const name of ["host", "processStart", "space"]) checkText(manager[name], `manager.${name}`);
  if (!Number.isSafeInteger(manager.pid)) throw new BlockfleetError("it has no manager.pid");
  if (!Array.isArray(record.things)) throw new BlockfleetError("it has no things");
  for (const item of record.things) {
    const thing = asObject(item, "a thing");
    checkText(thing.type, "a thing's type");
    checkText(thing.key, "a thing's key");
    if (thing.state !== "intended" && thing.state !== "made") {
      throw new BlockfleetError("it has a thing of no known state");
    }
    if (thing.data !== undefined) asObject(thing.data, "a thing's data");
  }
  return record as unknown as RegisterRecord;
}

function asObject(value: unknown, what: string): Record<string, unknown> {
  if (isObject(value)) return value;
  throw new BlockfleetError(`it is damaged: ${what} is no object`);
}

function checkText(value: unknown, what: string): void {
  if (typeof value !== "string") throw new BlockfleetError(`it is damaged: ${what} is no text`);
}
