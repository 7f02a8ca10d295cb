/**
 * A job's log: what its script marked in it, and its end for people.
 *
 * @module
 */
import { printableText } from "../../core/errors.ts";
import { BEGIN_MARK, END_MARK } from "./job_script.ts";

/** What a log says. */
export interface JobLog {
  /** The end of what the job's last life wrote, without the script's own marks. */
  readonly tail: string;
  /** The status that the script ended with, if it came to its end. */
  readonly exitStatus?: number;
  /** The signal that it was told to end by, such as `SIGTERM`. */
  readonly signal?: string;
  /** What the scheduler itself complains of in it. */
  readonly schedulerWords: readonly string[];
}

const KEPT_BYTES = 64 << 10;
const KEPT_LINES = 15;
const KEPT_CHARACTERS = 2000;
/**
 * bash's words of a process that a signal ended: script, line, id, signal (padded to a column), then the whole command
 * with all of its options.
 */
const BASH_KILLED = /^.*: line \d+: +(\d+) ([A-Z][A-Za-z/ ]*?)(?: {2,}|$)(?:\(core dumped\))?.*$/;
/** slurmstepd's words, and PBS's; an end that was asked for is none. */
const SCHEDULER = /^(slurmstepd[^:]*: error:|=>> PBS:)/;
const CANCELLED = /\*\*\* (JOB|STEP) .* CANCELLED AT /;

/** Reads what is marked in a log. A job that was requeued writes on in its log: only its last life counts. */
export function parseJobLog(text: string): JobLog {
  const begun = text.lastIndexOf(BEGIN_MARK);
  const lines = printableText(text.slice(begun === -1 ? 0 : begun)).split("\n").map((line) => line.trimEnd());
  const end = lines.findLast((line) => line.startsWith(END_MARK));
  const match = /exit status (\d+)(?:, after (SIG[A-Z0-9]+))?/.exec(end ?? "");
  const said = lines.filter((line) =>
    line !== "" && !line.startsWith(BEGIN_MARK) && !line.startsWith(END_MARK)
  ).map((line) => line.replace(BASH_KILLED, "bash: process $1: $2"));
  return {
    tail: said.slice(-KEPT_LINES).join("\n").slice(-KEPT_CHARACTERS),
    ...match ? { exitStatus: Number(match[1]) } : {},
    ...match?.[2] === undefined ? {} : { signal: match[2] },
    schedulerWords: said.filter((line) => SCHEDULER.test(line) && !CANCELLED.test(line)),
  };
}

/** Logs are read so many at a time: all workers of a run may end at once, and each of them is an open file. */
const AT_ONCE = 32;
const waiting: (() => void)[] = [];
let reading = 0;

/** Reads a log's end; undefined if it is not there or can't be read, as before the scheduler has delivered it. */
export async function readJobLog(path: string): Promise<JobLog | undefined> {
  if (reading === AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else reading++;
  try {
    return await readEnd(path);
  } finally {
    const next = waiting.shift();
    if (next) next();
    else reading--;
  }
}

async function readEnd(path: string): Promise<JobLog | undefined> {
  try {
    using file = await Deno.open(path);
    const { size } = await file.stat();
    await file.seek(Math.max(0, size - KEPT_BYTES), Deno.SeekMode.Start);
    const bytes = new Uint8Array(await new Response(file.readable).arrayBuffer());
    return parseJobLog(new TextDecoder().decode(bytes));
  } catch {
    // A log is a help and never a condition: whatever keeps it from being read, the queue's own word is left.
    return undefined;
  }
}
