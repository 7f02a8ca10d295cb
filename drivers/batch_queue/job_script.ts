/**
 * The script of a job, as a pure function. Nothing in it knows a scheduler: its directives come from one.
 *
 * @module
 */
import { shellWord, shellWords } from "./shell_words.ts";

/** What a job's script is made of. */
export interface JobScript {
  /** Its first lines: shell and directives, as {@linkcode beginScript} gives them. */
  readonly begin: readonly string[];
  /** Shell text that opens the log, where no directive does. */
  readonly openLog?: string | undefined;
  /** The run, for people who read the script. */
  readonly runId: string;
  /** The folder that the command runs in. */
  readonly folder: string;
  /** Environment variables and their values. */
  readonly exports: readonly (readonly [string, string])[];
  /** Shell text before the command. */
  readonly initCmds: readonly string[];
  /** A file that must be there before the command starts. */
  readonly waitFor?: string | undefined;
  /** Seconds to wait for it. Default 90. */
  readonly waitSeconds?: number;
  /** Variables for the command alone: a secret belongs here. */
  readonly commandExports?: readonly (readonly [string, string])[];
  /** A secret variable of the job's own environment, for the command alone. */
  readonly carriedSecret?: string | undefined;
  /** The command, word by word. */
  readonly command: readonly string[];
  /** Shell text before it on its line. */
  readonly cmdPrefix: string;
  /** Shell text behind it. */
  readonly cmdSuffix: string;
  /** Whether the script must see to it that the command does not outlive it, whatever ends it. Default false. */
  readonly isWatched?: boolean | undefined;
}

/** Network file systems cache that a file was not there for up to a minute. */
const WAIT_SECONDS = 90;

/** What begins the line that a job writes before its worker starts. */
export const BEGIN_MARK = "blockfleet: job begins";
/** What begins the last line that a job writes. */
export const END_MARK = "blockfleet: job ends";
/** The exit status of a job that does not see its address file. */
export const EXIT_NO_FILE = 66;

/**
 * Renders a script.
 *
 * The command runs in the background in a process group of its own, and signals go to that whole group: a shell runs a trap
 * only when its foreground child has ended, and wrappers such as `singularity exec` or `time` may swallow them.
 */
export function renderJobScript(script: JobScript): string {
  const { begin, runId, initCmds, exports, carriedSecret, commandExports = [] } = script;
  return [
    ...begin,
    "",
    `# Made by blockfleet for run ${runId}.`,
    // Some versions of it take what only a trap calls for unreachable, and a quoted dollar for an oversight.
    "# shellcheck disable=SC2016,SC2317",
    ...carriedSecret === undefined ? [] : [takeSecret(carriedSecret, begin[0]!)],
    ...script.openLog === undefined ? [] : [script.openLog],
    HEAD,
    ...exports.map(exportLine),
    ...moveTo(script.folder),
    ...initCmds,
    ...script.waitFor === undefined ? [] : waitLines(script.waitFor, script.waitSeconds ?? WAIT_SECONDS),
    ...carriedSecret === undefined ? [] : [`export ${carriedSecret}="$blockfleet_secret"`],
    ...commandExports.map(exportLine),
    commandLines(script),
    "",
  ].join("\n");
}

const HEAD = `blockfleet_worker=
blockfleet_signal=
blockfleet_again=
blockfleet_end() {
  blockfleet_status=$?
  trap - EXIT
  printf '${END_MARK}, exit status %s%s, %s\\n' "$blockfleet_status" \\
    "\${blockfleet_signal:+, after SIG$blockfleet_signal}" "$(date)"
  exit "$blockfleet_status"
}
blockfleet_forward() {
  blockfleet_signal=$1
  blockfleet_again=yes
  if [ -z "$blockfleet_worker" ]; then exit 143; fi
  kill -TERM -- "-$blockfleet_worker" 2> /dev/null || :
}
trap blockfleet_end EXIT
trap 'blockfleet_forward TERM' TERM
trap 'blockfleet_forward USR1' USR1
trap 'blockfleet_forward USR2' USR2
printf '${BEGIN_MARK}, %s on %s, %s\\n' "\${SLURM_JOB_ID:-\${PBS_JOBID:-\${JOB_ID:-$$}}}" "$(hostname)" "$(date)"`;

/**
 * A process in a group of its own that hears of the script's end, even by SIGKILL, since nobody else has the other end of its
 * pipe. It is told the command's process group first, and then that all is well.
 */
const WATCH = `coproc blockfleet_watch {
  read -r blockfleet_group && ! read -r && kill -KILL -- "-$blockfleet_group"
} 2> /dev/null
`;
const WATCH_BEGINS = `printf '%s\\n' "$blockfleet_worker" >&"\${blockfleet_watch[1]}"
`;
// If someone has killed the watch, writing to it must not end the script.
const WATCH_ENDS = `trap '' PIPE
{ printf 'done\\n' >&"\${blockfleet_watch[1]}"; } 2> /dev/null || :
`;

/**
 * Takes a secret from the job's environment. `/proc` shows the environment that a shell was started with for as long as it
 * runs, so the script starts anew without it, and reads the secret from a file descriptor.
 *
 * @param firstLine names the shell and its arguments, which it starts with again: a login shell has the user's functions.
 */
function takeSecret(name: string, firstLine: string): string {
  // As a kernel reads it: a program, and at most one argument.
  const [, program, argument] = /^#!(\S+)\s*(.*)$/.exec(firstLine)!;
  const shell = shellWords(argument === "" ? [program!] : [program!, argument!]);
  return `if [ -n "\${${name}-}" ]; then
  blockfleet_secret=$${name}
  unset ${name}
  exec ${shell} "$0" 7<< EOF
$blockfleet_secret
EOF
fi
{ read -r blockfleet_secret <&7 && exec 7<&-; } 2> /dev/null`;
}

function exportLine([name, value]: readonly [string, string]): string {
  return `export ${name}=${shellWord(value)}`;
}

function moveTo(folder: string): string[] {
  return [
    `cd -- ${
      shellWord(folder)
    } || printf 'blockfleet: this node has no such folder, which is no error\\n' >&2`,
  ];
}

function waitLines(file: string, seconds: number): string[] {
  const path = shellWord(file);
  const above = shellWord(file.slice(0, file.lastIndexOf("/")) || "/");
  return [
    "blockfleet_waited=0",
    `while [ ! -s ${path} ]; do`,
    `  if [ "$blockfleet_waited" -ge ${seconds} ]; then`,
    `    printf 'blockfleet: %s is not visible on %s\\n' ${path} "$(hostname)" >&2`,
    `    exit ${EXIT_NO_FILE}`,
    "  fi",
    // Listing a folder makes a network file system ask again what is in it.
    `  ls -- ${above} > /dev/null 2>&1 || :`,
    "  sleep 1",
    "  blockfleet_waited=$((blockfleet_waited + 1))",
    "done",
  ];
}

function commandLines({ cmdPrefix, command, cmdSuffix, isWatched = false }: JobScript): string {
  const line = [cmdPrefix, shellWords(command), cmdSuffix].filter((part) => part !== "").join(" ");
  return `set -m
${isWatched ? WATCH : ""}(
  set +m
  trap : TERM USR1 USR2
  ${line}
) < /dev/null &
blockfleet_worker=$!
set +m
${isWatched ? WATCH_BEGINS : ""}while :; do
  blockfleet_again=
  wait "$blockfleet_worker"
  blockfleet_status=$?
  if [ -z "$blockfleet_again" ]; then break; fi
done
${isWatched ? WATCH_ENDS : ""}exit "$blockfleet_status"`;
}
