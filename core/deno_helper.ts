/**
 * Running Deno for something that this program needs done, such as bundling, in a process that does not outlive it.
 *
 * @module
 */

/** How Deno is run. */
export interface DenoHelperOptions {
  /** The folder that it runs in. */
  readonly cwd: string;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
}

/** For output that people and programs read, and without a look on the internet for a newer Deno. */
export const QUIET: Readonly<Record<string, string>> = { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };

/**
 * A shell that runs the command that follows and kills it when its own standard input ends. That is a pipe from this process,
 * so that it ends with this process, whatever ends it: Deno may wait for minutes for a server that does not answer.
 */
const WATCHED = `exec 3<&0
"$@" < /dev/null 3<&- &
child=$!
{ read -r _ <&3; kill -KILL "$child"; } > /dev/null 2>&1 &
watch=$!
exec 3<&-
wait "$child"
status=$?
kill "$watch" 2> /dev/null
exit "$status"`;

/**
 * Runs Deno to its end.
 *
 * @throws what `Deno.Command` throws if it can't be started.
 */
export async function runDeno(
  args: readonly string[],
  { cwd, signal }: DenoHelperOptions,
): Promise<Deno.CommandOutput> {
  const command = [Deno.execPath(), ...args];
  const [program, ...rest] = await canRunShell() ? ["sh", "-c", WATCHED, "sh", ...command] : command;
  signal?.throwIfAborted();
  const child = new Deno.Command(program!, {
    args: rest,
    cwd,
    env: QUIET,
    ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
  }).spawn();
  const lifeline = child.stdin.getWriter();
  const end = async () => {
    // Without a shell it takes no notice of that.
    if (program !== "sh") child.kill("SIGKILL");
    await lifeline.abort();
  };
  const abort = () => void end().catch(() => {/* It has ended in between, which is what was wanted. */});
  signal?.addEventListener("abort", abort);
  try {
    return await child.output();
  } finally {
    signal?.removeEventListener("abort", abort);
    await lifeline.abort().catch(() => {/* Its other end is gone with the process. */});
  }
}

/** A program may be allowed to run Deno alone: then its helpers may outlive it. */
async function canRunShell(): Promise<boolean> {
  if (Deno.build.os === "windows") return false;
  return (await Deno.permissions.query({ name: "run", command: "sh" })).state === "granted";
}
