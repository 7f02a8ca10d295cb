/**
 * External commands for the tests of batch systems.
 *
 * @module
 */

/** What a command did. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and how a command runs. */
export interface CommandOptions {
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Its working folder. */
  readonly cwd?: string;
}

/** Runs a command to its end, whatever its exit status. */
export async function tryCommand(
  argv: readonly string[],
  { env = {}, cwd }: CommandOptions = {},
): Promise<CommandResult> {
  const [program, ...args] = argv;
  const { code, stdout, stderr } = await new Deno.Command(program!, {
    args,
    env,
    stdin: "null",
    ...cwd === undefined ? {} : { cwd },
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/**
 * Runs a command that must succeed.
 *
 * @returns its standard output.
 * @throws {Error} with its standard error if it exits with anything but 0.
 */
export async function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await tryCommand(argv, options);
  if (code !== 0) throw new Error(`'${argv.join(" ")}' exited with ${code}: ${stderr.trim()}`);
  return stdout;
}

/** Whether a program is on PATH (or among the places where Debian keeps daemons). */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/sbin"]) {
    const path = `${folder}/${name}`;
    const info = await Deno.stat(path).catch(() => undefined);
    if (info?.isFile) return path;
  }
  return undefined;
}

/** Asks again and again until the answer is not undefined. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  { seconds = 30, everyMs = 100 }: { seconds?: number; everyMs?: number } = {},
): Promise<T> {
  const endMs = performance.now() + seconds * 1000;
  while (true) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > endMs) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
