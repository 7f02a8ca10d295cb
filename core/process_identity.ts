/**
 * Which process on which machine: enough to say later whether it still lives.
 *
 * @module
 */

/** A process, so that a later one with the same number is not taken for it. */
export interface ProcessIdentity {
  /** The machine's name. */
  readonly host: string;
  /** The process's number. */
  readonly pid: number;
  /** When the process started, in clock ticks since the machine did; "" where the system does not say, or Deno does not let us ask. */
  readonly processStart: string;
  /** The machine's start and the process name space, "BOOT/SPACE"; "" in the same cases. */
  readonly space: string;
}

/** Whether a process lives: "unknown" when that can't be told from here. */
export type Liveness = "live" | "dead" | "unknown";

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return {
    host: Deno.hostname(),
    pid: Deno.pid,
    processStart: processStart(Deno.pid) ?? "",
    space: ownSpace(),
  };
}

/**
 * Whether a process lives. One of another host is unknown, and so is one that may be in another container of the
 * same name, or of another machine of the same name; but what was last touched before this machine started is dead.
 */
export function livenessOf(
  other: ProcessIdentity,
  lastTouched: Date | null,
): Liveness {
  if (other.host !== Deno.hostname()) return "unknown";
  const space = ownSpace();
  if (other.space !== space) {
    const otherBoot = other.space.split("/")[0];
    const sameBoot = otherBoot === space.split("/")[0];
    const booted = bootTime();
    const before = booted !== undefined && lastTouched !== null && lastTouched.getTime() < booted.getTime();
    return !sameBoot && before ? "dead" : "unknown";
  }
  if (Deno.build.os === "linux") {
    // Who can't see itself can't see others.
    if (other.processStart === "" || processStart(Deno.pid) === undefined) return "unknown";
    const start = processStart(other.pid);
    // A number that is in use again belongs to a process that started at another time.
    return start === other.processStart && start !== undefined ? "live" : "dead";
  }
  try {
    process.kill(other.pid, 0);
    return "live";
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    return code === "ESRCH" ? "dead" : code === "EPERM" ? "live" : "unknown";
  }
}

/**
 * Field 22 of proc(5)'s stat; undefined if there is no such process, or it has ended and only its parent has not asked
 * how. The name in field 2 may hold spaces and brackets.
 */
function processStart(pid: number): string | undefined {
  const stat = readSystemFile(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields?.[0] === "Z" || fields?.[0] === "X" ? undefined : fields?.[19];
}

function ownSpace(): string {
  const boot = readSystemFile("/proc/sys/kernel/random/boot_id")?.trim();
  if (boot === undefined) return "";
  try {
    return `${boot}/${Deno.readLinkSync("/proc/self/ns/pid")}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return `${boot}/`;
    throw error;
  }
}

function bootTime(): Date | undefined {
  const seconds = readSystemFile("/proc/stat")?.match(/^btime (\d+)$/m)?.[1];
  return seconds === undefined ? undefined : new Date(Number(seconds) * 1000);
}

function readSystemFile(path: string): string | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    // ESRCH comes when the process ends between open and read.
    const code = (error as { code?: unknown }).code;
    // Deno lets nobody but a program with all permissions at most of these files.
    const isHidden = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable;
    if (isHidden || code === "ESRCH") return undefined;
    throw error;
  }
}
