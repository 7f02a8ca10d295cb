/**
 * What stands in, on PATH, for the programs that an instance's user data calls and that must not run here, or not as they
 * are.
 *
 * @module
 */
import { join } from "@std/path";

/** Where the shims lead. */
export interface ShimOptions {
  /** In the place of `http://localhost:51678`, the ECS agent's introspection. */
  readonly introspectionUrl: string;
  /** How many times faster time goes for `sleep` and `date`. */
  readonly timeScale: number;
}

/** Writes the shims into a folder, to be put first on PATH. Powering off leaves the file `off` beside it. */
export async function writeShims(
  folder: string,
  { introspectionUrl, timeScale }: ShimOptions,
): Promise<void> {
  const bin = join(folder, "bin");
  await Deno.mkdir(bin);
  const powerOff = `touch '${folder}/off'`;
  const scripts: Record<string, string> = {
    curl: `exec /usr/bin/env -i PATH=/usr/bin:/bin:/usr/local/bin curl \
"\${@/http:\\/\\/localhost:51678/${introspectionUrl.replaceAll("/", "\\/")}}"`,
    sleep: `exec /bin/sleep "$(awk -v s="\${1%s}" 'BEGIN { print s / ${timeScale} }')"`,
    shutdown: powerOff,
    poweroff: powerOff,
    halt: powerOff,
    systemctl: `case "$*" in *poweroff*|*halt*) ${powerOff};; esac`,
    date: `if [ "$*" = +%s ]; then
  exec awk -v now="$(/bin/date +%s.%N)" -v from="${
      Date.now() / 1000
    }" 'BEGIN { printf "%d\\n", from + (now - from) * ${timeScale} }'
fi
exec /bin/date "$@"`,
    logger: "true",
  };
  for (const [name, script] of Object.entries(scripts)) {
    await Deno.writeTextFile(join(bin, name), `#!/bin/bash\n${script}\n`, { mode: 0o755 });
  }
}

/** User data with the system's folders moved into the instance's own. */
export function movedInto(folder: string, script: string): string {
  return script.replace(/(?<![\w./-])\/(etc|var|opt|run|root|usr\/local)(?=\/)/g, `${folder}/root/$1`);
}
