/**
 * What `qstat` prints of jobs: the table, the full text with its folding, and JSON, to the byte.
 *
 * @module
 */
import { type Attribute, clockTime, jobAttributes } from "./job_attributes.ts";
import { jobId, type PbsJob } from "./pbs_job.ts";

/** The table of plain `qstat`; nothing for no jobs. */
export function formatTable(jobs: readonly PbsJob[], server: string): string {
  if (jobs.length === 0) return "";
  const lines = [
    "Job id            Name             User              Time Use S Queue",
    "----------------  ---------------- ----------------  -------- - -----",
  ];
  for (const job of jobs) {
    const time = job.used?.cput ?? "0";
    lines.push(
      `${cut(jobId(job, server), 16)}  ${cut(job.spec.name, 16)} ${cut(job.spec.user, 16)}  ` +
        `${time.padStart(8)} ${job.state} ${job.spec.queue.padEnd(16)}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}*` : text.padEnd(width);
}

/** `qstat -f`, folded unless `isWide`. */
export function formatFull(jobs: readonly PbsJob[], server: string, isWide: boolean): string {
  let text = "";
  for (const job of jobs) {
    text += `Job Id: ${jobId(job, server)}\n`;
    for (const [name, value] of jobAttributes(job, server)) {
      if (typeof value === "string" || name === "Variable_List") {
        text += formatAttribute(name, plainValue(value), isWide);
      } else {
        for (const [member, part] of value) text += formatAttribute(`${name}.${member}`, part, isWide);
      }
    }
    text += "\n";
  }
  return text;
}

function plainValue(value: Attribute[1]): string {
  return typeof value === "string" ? value : value.map(([name, part]) => `${name}=${part}`).join(",");
}

/** Columns after which a line of `qstat -f` is folded. */
const LINE_LIMIT = 78;

function formatAttribute(name: string, value: string, isWide: boolean): string {
  const head = `    ${name} = `;
  return `${head}${isWide ? value : folded(value, head.length)}\n`;
}

// A part between commas that does not fit begins a new line; one that is longer than a line is broken in mid-word. A tab
// counts as 8, and commas are not counted.
function folded(value: string, firstColumn: number): string {
  let text = "";
  let column = firstColumn;
  for (const [index, part] of value.split(",").filter((part) => part !== "").entries()) {
    if (index > 0) text += ",";
    if (part.length + column < LINE_LIMIT) {
      text += part;
      column += part.length;
      continue;
    }
    if (index > 0) {
      text += "\n\t";
      column = 9;
    }
    for (const letter of part) {
      text += letter;
      if (++column > LINE_LIMIT) {
        text += "\n\t";
        column = 8;
      }
    }
  }
  return text;
}

/** `qstat -f -F json`; without `Jobs` if there are none. */
export function formatJson(jobs: readonly PbsJob[], server: string, timestamp: number): string {
  const lines = [
    "{",
    `\t"timestamp":\t${timestamp},`,
    `\t"pbs_version":\t"23.06.06",`,
    `\t"pbs_server":\t${JSON.stringify(server)}${jobs.length === 0 ? "" : ","}`,
  ];
  if (jobs.length > 0) {
    const shown = jobs.map((job) => {
      const members = jobAttributes(job, server).map(([name, value]) => member(name, value));
      return `\t\t${JSON.stringify(jobId(job, server))}:\t{\n${members.join(",\n")}\n\t\t}`;
    });
    lines.push(`\t"Jobs":\t{`, shown.join(",\n"), "\t}");
  }
  return `${lines.join("\n")}\n}\n`;
}

function member(name: string, value: Attribute[1]): string {
  if (typeof value === "string") return `\t\t\t${JSON.stringify(name)}:\t${jsonValue(value)}`;
  const parts = value.map(([name, part]) => `\t\t\t\t${JSON.stringify(name)}:\t${jsonValue(part)}`);
  return `\t\t\t${JSON.stringify(name)}:\t{\n${parts.join(",\n")}\n\t\t\t}`;
}

// OpenPBS makes a number of whatever reads as one: 007 is 7.
function jsonValue(text: string): string {
  return /^[+-]?\d+(\.\d+)?$/.test(text) ? String(Number(text)) : JSON.stringify(text);
}

/** What a job has used until now. */
export function resourcesUsed(ncpus: number, seconds: number): Record<string, string> {
  return {
    cpupercent: "0",
    cput: "00:00:00",
    mem: "0kb",
    ncpus: String(ncpus),
    vmem: "0kb",
    walltime: clockTime(seconds),
  };
}
