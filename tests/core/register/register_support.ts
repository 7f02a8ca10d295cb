/**
 * Registers in a folder of the test's own.
 *
 * @module
 */
import { join } from "@std/path";
import { FileRegister, type FileRegisterOptions } from "../../../core/register/file_register.ts";
import { listRegisteredRuns, type StoredRun } from "../../../core/register/registered_runs.ts";
import type { PrivateFolder } from "../../../core/private_folder.ts";

/** A folder for registers, removed with all that is in it. */
export class TestRegisters implements AsyncDisposable {
  readonly folder: PrivateFolder;
  readonly notices: string[] = [];

  private constructor(within: string) {
    this.folder = { path: join(within, "blockfleet", "runs"), within };
  }

  static async make(): Promise<TestRegisters> {
    return new TestRegisters(await Deno.makeTempDir({ prefix: "blockfleet_register_" }));
  }

  open(options: Partial<FileRegisterOptions> = {}): Promise<FileRegister> {
    return FileRegister.open({
      ...{ runId: "run-1", kind: "CW_REGISTERED", driverModule: undefined, jobName: "ndvi" },
      ...{ folder: this.folder, notice: (line) => this.notices.push(line), ...options },
    });
  }

  list(): Promise<StoredRun[]> {
    return listRegisteredRuns({ folder: this.folder, onNotice: (line) => this.notices.push(line) });
  }

  /** Rewrites a register as if another process had written it. */
  async change(path: string, change: (record: Record<string, unknown>) => void): Promise<void> {
    const record = JSON.parse(await Deno.readTextFile(path));
    change(record);
    await Deno.writeTextFile(path, JSON.stringify(record));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder.within, { recursive: true });
  }
}

/** A process that has ended, on this machine. */
export async function deadPid(): Promise<number> {
  const child = new Deno.Command("true", { stdout: "null", stderr: "null" }).spawn();
  await child.status;
  return child.pid;
}
