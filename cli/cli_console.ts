/**
 * Where the command line writes to. Results go to standard output, all else to standard error.
 *
 * @module
 */

/** The two streams, and what is known of the terminal. */
export interface CliConsole {
  /** Writes a line, or several, of results. */
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
}

/** The exit status of a program whose reader has gone away, as a shell shows SIGPIPE. */
const BROKEN_PIPE_STATUS = 141;

/** The console of this process. `NO_COLOR` (no-color.org) and `TERM=dumb` are honoured. */
export function processConsole(): CliConsole {
  const errIsTerminal = Deno.stderr.isTerminal() && Deno.env.get("TERM") !== "dumb";
  const locale = Deno.env.get("LC_ALL") || Deno.env.get("LC_CTYPE") || Deno.env.get("LANG") || "";
  const encoder = new TextEncoder();
  const write = (stream: { writeSync(bytes: Uint8Array): number }, text: string) => {
    const bytes = encoder.encode(text);
    try {
      for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
    } catch (error) {
      // `blockfleet info *.tif | head` is no error of ours; a lost standard error must not end a job.
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      if (stream === Deno.stdout) Deno.exit(BROKEN_PIPE_STATUS);
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
  };
}

function terminalColumns(): number {
  try {
    return Deno.consoleSize().columns || 80;
  } catch {
    // Deno throws where it finds no terminal; 80 is what a terminal has had since the VT52.
    return 80;
  }
}
