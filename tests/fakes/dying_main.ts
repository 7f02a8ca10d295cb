/**
 * The command line in a process that kills itself with SIGKILL in the middle of a file operation of its own choice, as
 * kill -9 and a dying machine do: `DIE_AT` is JSON of a {@linkcode Death}.
 *
 * @module
 */
import { main } from "../../cli/main.ts";

/** When to die. */
export interface Death {
  /** The operation: a write, of which half is done; a sync, rename or removal before it is done. */
  readonly operation: "write" | "sync" | "rename" | "remove";
  /** How the file's name ends; of a rename the old one. */
  readonly file: string;
  /** The count of such operations, from 1. */
  readonly count: number;
}

const death: Death = JSON.parse(Deno.env.get("DIE_AT")!);
const paths = new WeakMap<Deno.FsFile, string>();
let count = 0;

function isDue(operation: Death["operation"], path: string | undefined): boolean {
  return operation === death.operation && path?.endsWith(death.file) === true && ++count === death.count;
}

function die(): void {
  Deno.kill(Deno.pid, "SIGKILL");
  // The signal comes while this waits, if not before.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

const { openSync, renameSync, removeSync } = Deno;
const { writeSync, syncData, syncSync } = Deno.FsFile.prototype;

Deno.openSync = (path, options) => {
  const file = openSync(path, options);
  paths.set(file, String(path));
  return file;
};
Deno.FsFile.prototype.writeSync = function (bytes) {
  if (isDue("write", paths.get(this))) {
    writeSync.call(this, bytes.subarray(0, bytes.byteLength >> 1));
    die();
  }
  return writeSync.call(this, bytes);
};
Deno.FsFile.prototype.syncData = function () {
  if (isDue("sync", paths.get(this))) die();
  return syncData.call(this);
};
Deno.FsFile.prototype.syncSync = function () {
  if (isDue("sync", paths.get(this))) die();
  syncSync.call(this);
};
Deno.renameSync = (from, to) => {
  if (isDue("rename", String(from))) die();
  renameSync(from, to);
};
Deno.removeSync = (path, options) => {
  if (isDue("remove", String(path))) die();
  removeSync(path, options);
};

Deno.exit(await main(Deno.args));
