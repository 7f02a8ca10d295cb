/**
 * Says once for each cause and source that a peer was refused, and at the end how often.
 *
 * @module
 */

/** Sources beyond this many share an entry: whoever comes from everywhere must not fill the memory or the log. */
const MOST_ENTRIES = 100;

interface Entry {
  readonly cause: string;
  readonly source: string;
  count: number;
}

/** Counts refusals. */
export class RefusalLog {
  readonly #notice: (line: string) => void;
  readonly #entries = new Map<string, Entry>();

  /**
   * An empty log.
   *
   * @param notice takes a line for the user.
   */
  constructor(notice: (line: string) => void) {
    this.#notice = notice;
  }

  /** A peer was refused. */
  add(cause: string, source: string): void {
    const known = this.#entry(cause, source);
    if (++known.count > 1) return;
    this.#notice(`Refused a connection from ${known.source}: ${known.cause}`);
  }

  /** Says how many more there were than was said. */
  summarize(): void {
    for (const { cause, source, count } of this.#entries.values()) {
      if (count > 1) this.#notice(`Refused ${count} connections from ${source} in all: ${cause}`);
    }
    this.#entries.clear();
  }

  #entry(cause: string, source: string): Entry {
    const isFull = this.#entries.size >= MOST_ENTRIES && !this.#entries.has(`${source} ${cause}`);
    const from = isFull ? "other hosts" : source;
    const why = isFull ? "for several reasons" : cause;
    const key = `${from} ${why}`;
    const known = this.#entries.get(key);
    if (known) return known;
    const entry = { cause: why, source: from, count: 0 };
    this.#entries.set(key, entry);
    return entry;
  }
}
