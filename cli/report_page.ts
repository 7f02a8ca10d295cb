/**
 * `--report FILE.html`: what a run did, as one page that needs nothing but itself.
 *
 * @module
 */
import { format as formatBytes } from "@std/fmt/bytes";
import type { ApplyResult } from "../raster/apply_options.ts";
import { logAxis, shareBar, spreadChart } from "./report_charts.ts";
import { REPORT_STYLE } from "./report_style.ts";
import { blocksLine, seconds } from "./summary_lines.ts";

/** What stands in the report besides the result. */
export interface ReportFacts {
  /** The user function as it was named. */
  readonly userFunction: string;
  /** The run's name, if it has one. */
  readonly jobName: string | undefined;
  /** When the run ended. */
  readonly endedAt: Date;
  /** The manager's host. */
  readonly host: string;
  /** The version of this program. */
  readonly version: string;
}

/** The page, in HTML. */
export function reportPage(result: ApplyResult, facts: ReportFacts): string {
  const { userFunction, jobName } = facts;
  const title = jobName ?? userFunction.replace(/^.*[\\/](?=[^\\/]+$)/, "");
  return [
    `<!DOCTYPE html>`,
    `<html lang="en">`,
    `<head>`,
    `<meta charset="utf-8">`,
    `<meta name="viewport" content="width=device-width, initial-scale=1">`,
    `<title>${escapeHtml(title)} - blockfleet</title>`,
    `<style>${REPORT_STYLE}</style>`,
    `</head>`,
    `<body>`,
    `<h1>${escapeHtml(title)}</h1>`,
    `<p>${escapeHtml(blocksLine(result))}.</p>`,
    ...factTable(result, facts),
    ...outputTable(result),
    ...timerTable(result),
    ...workerTable(result),
    `</body>`,
    `</html>`,
    "",
  ].join("\n");
}

function factTable(result: ApplyResult, facts: ReportFacts): string[] {
  const { blocks, workers, workinggrid, wallSeconds } = result;
  const started = new Date(facts.endedAt.getTime() - wallSeconds * 1000);
  const rate = wallSeconds > 0 ? `${(blocks.done / wallSeconds).toFixed(1)} a second` : "";
  const rows: [string, string][] = [
    ["User function", facts.userFunction],
    ["Began", isoSeconds(started)],
    ["Ended", `${isoSeconds(facts.endedAt)}, after ${seconds(wallSeconds)}`],
    ["Working grid", `${workinggrid.ncols} x ${workinggrid.nrows} pixels`],
    ["Blocks", `${blocks.done} of ${blocks.total}, ${rate}`],
    ["Taken from an earlier run", String(blocks.resumed)],
    ["Handed out again", String(blocks.retried)],
    ["Workers", `${workers.ran} ran, ${workers.started} started, ${workers.lost} lost, ${workers.kind}`],
    ["Manager", `${facts.host}, blockfleet ${facts.version}`],
  ];
  return [
    `<table class="facts">`,
    ...rows.map(([name, value]) => `<tr><th scope="row">${name}</th><td>${escapeHtml(value)}</td></tr>`),
    `</table>`,
  ];
}

function outputTable({ outputs }: ApplyResult): string[] {
  if (outputs.length === 0) return [];
  const rows = outputs.map(({ name, path, width, height, bands, type, bytes }) =>
    row([name, path, `${width} x ${height}`, String(bands), type, formatBytes(bytes)].map(escapeHtml))
  );
  return [
    `<h2>Outputs</h2>`,
    `<table>`,
    heading(["Name", "File", "Pixels", "Bands", "Type", "Size"]),
    ...rows,
    `</table>`,
  ];
}

function timerTable({ timings, wallSeconds }: ApplyResult): string[] {
  const statistics = [...timings.statistics()].filter(([name]) => name !== "walltime");
  const most = Math.max(...statistics.map(([, { total }]) => total), 0);
  const axis = logAxis(statistics.map(([, one]) => one));
  const rows = statistics.map(([name, one]) =>
    row([
      name,
      one.total.toFixed(3),
      shareBar(one.total, { most, label: `${seconds(one.total)} in all` }),
      String(one.count),
      milliseconds(one.min),
      milliseconds(one.median),
      milliseconds(one.max),
      spreadChart(one, axis),
    ])
  );
  return [
    `<h2>Where the time went</h2>`,
    `<p>Totals are over all workers, so together they may exceed the ${
      seconds(wallSeconds)
    } of the clock. The ` +
    `charts on the right are on one logarithmic scale, from ${milliseconds(axis.least)} to ` +
    `${
      milliseconds(axis.most)
    } ms: a line from the least to the greatest, a box around the middle half, and a mark ` +
    `at the median.</p>`,
    `<table class="numbers">`,
    heading(["Timer", "Total, s", "", "N", "Least, ms", "Median, ms", "Greatest, ms", "One interval"]),
    ...rows,
    `</table>`,
  ];
}

/** More rows than this tell nobody more than the spread of them. */
const MOST_WORKERS = 256;

function workerTable({ blocksByWorker }: ApplyResult): string[] {
  const workers = [...blocksByWorker].sort(([a], [b]) => a - b);
  const most = Math.max(...workers.map(([, blocks]) => blocks), 0);
  const shown = workers.slice(0, MOST_WORKERS);
  const left = workers.length - shown.length;
  return [
    `<h2>Blocks by worker</h2>`,
    `<p>${workers.length} workers gave blocks. One that was replaced and its replacement share a number.${
      left > 0 ? ` The first ${MOST_WORKERS} are shown.` : ""
    }</p>`,
    `<table class="workers">`,
    heading(["Worker", "Blocks", ""]),
    ...shown.map(([worker, blocks]) =>
      row([String(worker), String(blocks), shareBar(blocks, { most, label: `${blocks} blocks` })])
    ),
    `</table>`,
  ];
}

function heading(cells: readonly string[]): string {
  return `<tr>${cells.map((cell) => `<th scope="col">${cell}</th>`).join("")}</tr>`;
}

function row(cells: readonly string[]): string {
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
}

function milliseconds(value: number): string {
  const scaled = value * 1000;
  return scaled >= 100 ? scaled.toFixed(0) : scaled.toPrecision(2);
}

function isoSeconds(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[&<>"]/g, (letter) => entities[letter]!);
}
