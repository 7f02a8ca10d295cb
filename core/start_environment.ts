/**
 * The environment that this process was started with. It stands in the process's memory for as long as it lives, where
 * `/proc/PID/environ` shows it to all processes of the same user; `Deno.env.delete()` does not change it.
 *
 * @module
 */

/** Where the numbers of `/proc/self/stat` behind the program's name begin with field 3, these are 50 and 51 (proc(5)). */
const ENV_START = 47;
const ENV_END = 48;

/**
 * Overwrites a secret in it.
 *
 * Deno lets nobody but a program with all permissions at these files. In any other the secret stays there, where a user
 * function can't read it, unless it may run programs.
 *
 * @returns why it could not be done, if it could not where it matters.
 */
export function eraseFromStartEnvironment(secret: string): string | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    const stat = Deno.readTextFileSync("/proc/self/stat");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
    const start = fields[ENV_START] ?? 0;
    const bytes = new Uint8Array((fields[ENV_END] ?? 0) - start);
    if (start === 0 || bytes.length === 0) return "the system does not say where it is";
    using memory = Deno.openSync("/proc/self/mem", { read: true, write: true });
    memory.seekSync(start, Deno.SeekMode.Start);
    const length = memory.readSync(bytes) ?? 0;
    // One byte a character, so that places in the text are those in the memory.
    const at = new TextDecoder("latin1").decode(bytes.subarray(0, length)).indexOf(secret);
    if (at < 0) return undefined;
    memory.seekSync(start + at, Deno.SeekMode.Start);
    memory.writeSync(new Uint8Array(secret.length));
    return undefined;
  } catch (error) {
    return error instanceof Deno.errors.NotCapable ? undefined : String(error);
  }
}
