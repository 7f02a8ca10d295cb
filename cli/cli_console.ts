/**
 * Where the command line writes to. Results go to standard output, all else to standard error.
 *
 * @module
 */
import { BlockfleetError, messageOf } from "../core/errors.ts";

/** The two streams, and what is known of the terminal. */
export interface CliConsole {
  /**
   * Writes a line, or several, of results.
   *
   * @throws {BlockfleetError} the first time that they can't be written.
   */
  out(text: string): void;
  /** Writes a line, or several, for people. */
  err(text: string): void;
  /** Writes to standard error as it stands, without a line end. */
  errRaw(text: string): void;
  /** Whether standard error is a terminal that can redraw a line. */
  readonly errIsTerminal: boolean;
  /** Whether colours are wanted on standard error. */
  readonly errHasColour: boolean;
  /** Whether the terminal shows more than ASCII. */
  readonly hasUnicode: boolean;
  /** The terminal's width now, characters. */
  columns(): number;
  /** Asks whoever sits at the terminal, and waits for a line; undefined if nobody does. */
  ask(question: string): string | undefined;
}

/** The exit status of a program whose reader has gone away, as a shell shows SIGPIPE. */
const BROKEN_PIPE_STATUS = 141;

/** The console of this process. `NO_COLOR` (no-color.org) and `TERM=dumb` are honoured. */
export function processConsole(): CliConsole {
  const errIsTerminal = Deno.stderr.isTerminal() && Deno.env.get("TERM") !== "dumb";
  const outIsTerminal = Deno.stdout.isTerminal();
  const locale = Deno.env.get("LC_ALL") || Deno.env.get("LC_CTYPE") || Deno.env.get("LANG") || "";
  const encoder = new TextEncoder();
  let isOutLost = false;
  const write = (stream: { writeSync(bytes: Uint8Array): number }, text: string) => {
    const bytes = encoder.encode(text);
    try {
      for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
    } catch (error) {
      // A lost standard error must not end a job, nor must a terminal that has hung up, which gives EIO.
      if (stream === Deno.stderr || outIsTerminal) return;
      // `blockfleet info *.tif | head` is no error of ours.
      if (error instanceof Deno.errors.BrokenPipe) Deno.exit(BROKEN_PIPE_STATUS);
      // With --json what is thrown here is written there too.
      if (isOutLost) return;
      isOutLost = true;
      throw new BlockfleetError(`Cannot write to standard output: ${messageOf(error)}`, { cause: error });
    }
  };
  return {
    out: (text) => write(Deno.stdout, text + "\n"),
    err: (text) => write(Deno.stderr, text + "\n"),
    errRaw: (text) => write(Deno.stderr, text),
    errIsTerminal,
    errHasColour: errIsTerminal && !Deno.env.get("NO_COLOR"),
    hasUnicode: Deno.build.os === "windows" || /utf-?8/i.test(locale),
    columns: terminalColumns,
    ask: (question) => {
      if (!Deno.stdin.isTerminal() || !Deno.stderr.isTerminal()) return undefined;
      write(Deno.stderr, question + " ");
      return readLine();
    },
  };
}

/** A line from the terminal, which gives no more than one at a time. */
function readLine(): string {
  const bytes = new Uint8Array(1024);
  const length = Deno.stdin.readSync(bytes) ?? 0;
  return new TextDecoder().decode(bytes.subarray(0, length)).trim();
}

function terminalColumns(): number {
  try {
    return Deno.consoleSize().columns || 80;
  } catch {
    // Deno throws where it finds no terminal; 80 is what a terminal has had since the VT52.
    return 80;
  }
}
