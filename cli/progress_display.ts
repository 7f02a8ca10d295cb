/**
 * Shows how far a run is: a bar on a terminal, now and then a line elsewhere.
 *
 * @module
 */
import type { Progress } from "../raster/apply_options.ts";
import { RateMeter } from "./rate_meter.ts";

/** Where and how progress is shown. */
export interface ProgressDisplayOptions {
  /** Writes to the terminal or log as it stands. */
  readonly write: (text: string) => void;
  /** Whether a line can be redrawn there. */
  readonly isTerminal: boolean;
  /** Whether colours are wanted. */
  readonly hasColour: boolean;
  /** Whether it shows more than ASCII. */
  readonly hasUnicode: boolean;
  /** Its width now, characters. */
  readonly columns: () => number;
  /** The monotonic clock, milliseconds. */
  readonly nowMs: () => number;
}

const REDRAW_INTERVAL_MS = 100;
const FIRST_SILENCE_MS = 10_000;
const LONGEST_SILENCE_MS = 300_000;
const WIDEST_BAR = 40;
const NARROWEST_BAR = 8;
const CLEAR_LINE = "\r\x1b[K";

/** Draws progress. It has no timer: on a terminal call {@linkcode ProgressDisplay.tick} now and then. */
export class ProgressDisplay {
  readonly #options: ProgressDisplayOptions;
  readonly #rate = new RateMeter();
  readonly #startMs: number;
  #latest: Progress | undefined;
  #drawn = "";
  #drawnAtMs = -Infinity;
  #linePercent = 0;
  #lineAtMs: number;
  #silenceMs = FIRST_SILENCE_MS;

  /** Begins to count the time; shows nothing yet. */
  constructor(options: ProgressDisplayOptions) {
    this.#options = options;
    this.#startMs = this.#lineAtMs = options.nowMs();
  }

  /** Takes note of progress and shows it if it is time to. */
  update(progress: Progress): void {
    this.#latest = progress;
    this.#rate.add(this.#options.nowMs(), progress.done);
    if (this.#options.isTerminal) this.#redraw(progress.done === progress.total);
    else this.#maybeLine(progress);
  }

  /** Lets the clock go on between two blocks. */
  tick(): void {
    if (this.#options.isTerminal) this.#redraw(false);
  }

  /** Writes a line that stays, above the bar. */
  notice(line: string): void {
    if (!this.#drawn) return this.#options.write(line + "\n");
    this.#options.write(CLEAR_LINE + line + "\n" + this.#drawn);
  }

  /** Takes the bar away; what is written next begins a line. */
  finish(): void {
    if (this.#drawn) this.#options.write(CLEAR_LINE);
    this.#drawn = "";
    this.#latest = undefined;
  }

  #redraw(evenIfEarly: boolean): void {
    const nowMs = this.#options.nowMs();
    if (!this.#latest || (!evenIfEarly && nowMs - this.#drawnAtMs < REDRAW_INTERVAL_MS)) return;
    const line = this.#barLine(this.#latest, nowMs);
    this.#drawnAtMs = nowMs;
    if (line === this.#drawn) return;
    this.#options.write(CLEAR_LINE + line);
    this.#drawn = line;
  }

  #barLine(progress: Progress, nowMs: number): string {
    // The last column stays free: a terminal that has filled it may go to the next line.
    const room = Math.max(10, this.#options.columns() - 1);
    const percent = `${percentOf(progress)}%`.padStart(4);
    const facts = this.#facts(progress, nowMs);
    let text = percent;
    for (const fact of facts) {
      if (text.length + 2 + fact.length + NARROWEST_BAR + 1 <= room) text += `  ${fact}`;
    }
    const barWidth = Math.min(WIDEST_BAR, room - text.length - 1);
    return barWidth < NARROWEST_BAR ? text.slice(0, room) : `${this.#bar(progress, barWidth)} ${text}`;
  }

  #bar({ done, total }: Progress, width: number): string {
    const filled = total > 0 ? Math.floor(width * done / total) : 0;
    const [on, off] = this.#options.hasUnicode ? ["━", "─"] : ["#", "-"];
    const [green, grey, plain] = this.#options.hasColour ? ["\x1b[32m", "\x1b[90m", "\x1b[0m"] : ["", "", ""];
    return green + on.repeat(filled) + grey + off.repeat(width - filled) + plain;
  }

  /** The most needed first: those that don't fit are left out. */
  #facts(progress: Progress, nowMs: number): string[] {
    const { done, total, workers } = progress;
    const elapsed = (nowMs - this.#startMs) / 1000;
    if (done === total) return [formatDuration(elapsed), `${done}/${total} blocks`];
    if (workers === 0) return ["waiting for workers", formatDuration(elapsed), `${done}/${total} blocks`];
    const rate = this.#rate.perSecond(nowMs);
    if (rate === undefined) return [formatDuration(elapsed), `${done}/${total} blocks`];
    return [
      `ETA ${formatDuration((total - done) / rate)}`,
      `${done}/${total} blocks`,
      `${formatRate(rate)} blocks/s`,
    ];
  }

  /** A line for each tenth of the way; where that takes long a sign of life, ever more seldom. */
  #maybeLine(progress: Progress): void {
    const nowMs = this.#options.nowMs();
    const percent = percentOf(progress);
    const tenth = Math.floor(percent / 10);
    const isNewTenth = tenth > Math.floor(this.#linePercent / 10);
    const isOverdue = percent < 100 && nowMs - this.#lineAtMs >= this.#silenceMs;
    if (isNewTenth) this.#silenceMs = FIRST_SILENCE_MS;
    else if (isOverdue) this.#silenceMs = Math.min(LONGEST_SILENCE_MS, this.#silenceMs * 2);
    else return;
    this.#linePercent = percent;
    this.#lineAtMs = nowMs;
    this.#options.write([`${percent}%`, ...this.#facts(progress, nowMs)].join("  ") + "\n");
  }
}

/** Whole percent; 100 only when all is done. */
function percentOf({ done, total }: Progress): number {
  return total > 0 ? Math.floor(100 * done / total) : 100;
}

function formatRate(perSecond: number): string {
  return perSecond < 0.1 ? perSecond.toPrecision(1) : perSecond.toFixed(perSecond < 100 ? 1 : 0);
}

/** Seconds as `m:ss`, `h:mm:ss` or, from two days on, `3d 4h`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  if (hours >= 48) return `${Math.floor(hours / 24)}d ${hours % 24}h`;
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
