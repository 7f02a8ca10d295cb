/**
 * Every AWS call of a run, in turn, with every fault: each cell is a run of its own through a door of its own.
 *
 * @module
 */
import { fromFileUrl, join } from "@std/path";
import type { TestAccount } from "../account.ts";
import type { Middleware } from "../aws_call.ts";
import type { AwsProxy } from "../aws_proxy.ts";
import { canHave, fault, FAULT_KINDS, type FaultKind } from "./fault.ts";
import { MadeThings } from "./made_things.ts";
import type { MainAnswer, MainRequest } from "./main_program.ts";

const MAIN = fromFileUrl(new URL("./main_program.ts", import.meta.url));
/** A run that takes longer hangs. */
const RUN_LIMIT_MS = 300_000;

/** What a matrix is of. */
export interface MatrixConfig {
  /** For the table. */
  readonly name: string;
  /** The service. */
  readonly kind: MainRequest["kind"];
  /** The driver's own dictionary. */
  readonly extraParams: Record<string, unknown>;
  /** How its runs end where nothing goes wrong. */
  readonly ending: MainRequest["ending"];
  /** See {@linkcode MainRequest}. */
  readonly patient?: boolean;
  /** Which of its calls have faults; the others have them in another matrix. Default all. */
  readonly at?: readonly string[];
  /** A call whose first answer is lost in every run of it, to bring about the calls that follow from that. */
  readonly lost?: string;
}

/** One cell of the matrix. */
export interface Cell {
  /** The call. */
  readonly action: string;
  /** What went wrong with it; `none` for the run that shows which calls there are. */
  readonly kind: FaultKind | "none";
  /** How often the fault struck. */
  readonly struck: number;
  /** What the run said; undefined if it was killed. */
  readonly answer: MainAnswer | undefined;
  /** Whether the run had to be ended because it hung. */
  readonly hung: boolean;
  /** What the account held of the run after it. */
  readonly left: readonly string[];
  /** The same after the cleanup that always follows. */
  readonly leftAfterCleanup: readonly string[];
  /** What the cleanup said. */
  readonly cleanup: readonly string[];
  /** The actions that were called, each once, in order. */
  readonly actions: readonly string[];
}

/** Runs a matrix, a few cells at once: first a run without faults, for its calls. */
export async function runMatrix(
  account: TestAccount,
  config: MatrixConfig,
  { atOnce, onCell }: { atOnce: number; onCell?: (cell: Cell) => void },
): Promise<Cell[]> {
  const clean = await runCell(account, config, { action: "", kind: "none" });
  onCell?.(clean);
  const wanted = (config.at ?? clean.actions).flatMap((action) =>
    FAULT_KINDS.filter((kind) => canHave(action, kind)).map((kind) => ({ action, kind }))
  );
  const cells = [clean];
  const left = wanted.values();
  const next = async () => {
    for (const one of left) {
      const cell = await runCell(account, config, one);
      onCell?.(cell);
      cells.push(cell);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, next));
  return cells;
}

/** Runs one cell. */
export async function runCell(
  account: TestAccount,
  config: MatrixConfig,
  { action, kind, before }: { action: string; kind: FaultKind | "none"; before?: Middleware },
): Promise<Cell> {
  await using door = await account.openDoor();
  const folder = await Deno.makeTempDir({ prefix: "blockfleet_fault_" });
  try {
    const made = new MadeThings(account, door);
    const program: { child?: Deno.ChildProcess } = {};
    if (config.lost !== undefined) {
      door.use(fault("timed out", { action: config.lost, kill: () => {} }).middleware);
    }
    const fate = kind === "none"
      ? undefined
      : fault(kind, { action, kill: () => program.child!.kill("SIGKILL") });
    if (fate) door.use(fate.middleware);
    if (before) door.use(before);
    if (config.ending === "abort") door.use(abortAtFirstLook(() => program.child!.kill("SIGINT")));
    const { extraParams, ending, patient = false } = config;
    const request: MainRequest = { command: "run", kind: config.kind, extraParams, ending, patient };
    program.child = start(request, { account, door, folder });
    const { answer, hung } = await outcome(program.child);
    const actions = [...new Set(door.calls.map((call) => call.action))];
    fate?.lift();
    const left = await made.left();
    const cleaning = start({ ...request, command: "cleanup" }, { account, door, folder });
    const cleanup = (await outcome(cleaning)).answer?.lines ?? ["failed: the cleanup gave no answer"];
    const leftAfterCleanup = await made.left();
    const struck = fate?.struck() ?? 0;
    return { action, kind, struck, answer, hung, left, leftAfterCleanup, cleanup, actions };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What is wrong with a cell, if anything. */
export function complaint(cell: Cell): string | undefined {
  const { kind, answer, struck, left, leftAfterCleanup, hung, cleanup } = cell;
  if (hung) return `it hung; ${JSON.stringify(answer)}`;
  if (kind !== "none" && struck === 0) return "the call was not made, so the fault did not strike";
  if (leftAfterCleanup.length > 0) {
    return `left after cleanup: ${leftAfterCleanup.join(", ")}; ${cleanup.join("; ")}`;
  }
  const failed = cleanup.filter((line) => line.startsWith("failed"));
  if (failed.length > 0) return `cleanup: ${failed.join("; ")}`;
  if (kind === "killed") return undefined;
  if (answer === undefined) return "it ended without an answer";
  if (kind !== "refused" && left.length > 0) return `left: ${left.join(", ")}`;
  return undefined;
}

/** The matrix as a table for people. */
export function table(cells: readonly Cell[]): string {
  const rows = cells.filter(({ kind }) => kind !== "none").map((cell) => {
    const { action, kind, struck, answer, left, cleanup } = cell;
    const how = kind === "killed"
      ? "killed"
      : answer?.error === undefined
      ? "done"
      : `error: ${answer.error.replace(/^AWS /, "").slice(0, 60)}`;
    const swept = cleanup.filter((line) => line.startsWith("removed")).length;
    const rest = left.length === 0 ? "nothing left" : `${left.length} left, cleanup removed ${swept}`;
    return [action, kind, `${struck}x`, complaint(cell) ?? "ok", how, rest];
  });
  const order = new Map(cells[0]!.actions.map((action, at) => [action, at]));
  rows.sort((a, b) => order.get(a[0]!)! - order.get(b[0]!)! || (a[1]! < b[1]! ? -1 : 1));
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((text, column) => text.padEnd(widths[column] ?? 0)).join("  ").trimEnd())
    .join("\n");
}

/** The first look at workers shows that they have been asked for. */
function abortAtFirstLook(abort: () => void): Middleware {
  let isFirst = true;
  return async (call, next) => {
    if (isFirst && /^Describe(Tasks|Jobs)$/.test(call.action)) {
      isFirst = false;
      abort();
    }
    return await next(call);
  };
}

function start(
  request: MainRequest,
  { account, door, folder }: { account: TestAccount; door: AwsProxy; folder: string },
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--cached-only", MAIN, JSON.stringify(request)],
    env: { ...account.environment(door), XDG_STATE_HOME: join(folder, "state"), NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function outcome(child: Deno.ChildProcess): Promise<{ answer: MainAnswer | undefined; hung: boolean }> {
  let hung = false;
  const patience = setTimeout(() => {
    hung = true;
    child.kill("SIGKILL");
  }, RUN_LIMIT_MS);
  const { stdout, stderr, signal } = await child.output();
  clearTimeout(patience);
  const text = new TextDecoder().decode(stdout).trim();
  if (text !== "") return { answer: JSON.parse(text.split("\n").at(-1)!), hung };
  if (signal === "SIGKILL") return { answer: undefined, hung };
  return { answer: { error: new TextDecoder().decode(stderr).trim(), lines: [] }, hung };
}
