/**
 * Processes by what `/proc` says of them (Linux).
 *
 * @module
 */

/** Processes that have inherited `FAULT_TEST=mark`, in the order of their ids. */
export function processesMarked(mark: string): number[] {
  const found: number[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    if (readProc(`${name}/environ`).split("\0").includes(`FAULT_TEST=${mark}`)) found.push(Number(name));
  }
  return found.sort((a, b) => a - b);
}

/** A process's command line, word by word; none if it has ended. */
export function commandLine(pid: number): string[] {
  return readProc(`${pid}/cmdline`).split("\0");
}

/** The environment that a process was started with. */
export function environmentOf(pid: number): Record<string, string> {
  const entries = readProc(`${pid}/environ`).split("\0").filter((entry) => entry.includes("="));
  return Object.fromEntries(entries.map((entry) => {
    const at = entry.indexOf("=");
    return [entry.slice(0, at), entry.slice(at + 1)];
  }));
}

/** Ports that a process listens on, in its network namespace. */
export function listeningPorts(pid: number): number[] {
  const sockets = new Set<string>();
  for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
    try {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(Deno.readLinkSync(`/proc/${pid}/fd/${name}`)) ?? [];
      if (inode !== undefined) sockets.add(inode);
    } catch (error) {
      // Closed in between.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  const rows = ["tcp", "tcp6"].flatMap((table) => readProc(`${pid}/net/${table}`).split("\n").slice(1));
  // proc(5): local address, remote address, state (0A is LISTEN), ..., inode
  return rows.map((row) => row.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === "0A" && sockets.has(inode!))
    .map(([, local]) => parseInt(local!.split(":")[1]!, 16));
}

/** Sends a signal to a process that may have ended in between; whether it was there. */
export function signal(pid: number, name: Deno.Signal): boolean {
  try {
    Deno.kill(pid, name);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function readProc(path: string): string {
  try {
    return Deno.readTextFileSync(`/proc/${path}`);
  } catch (error) {
    // Ended in between (ESRCH has no class of its own), or somebody else's.
    const isGone = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied ||
      error instanceof Error && error.message.includes("(os error 3)");
    if (isGone) return "";
    throw error;
  }
}
