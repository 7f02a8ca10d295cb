import type { CliConsole } from "../../cli/cli_console.ts";

/** A console that keeps what is written. */
export interface FakeConsole extends CliConsole {
  /** Lines of standard output. */
  readonly outLines: string[];
  /** Lines of standard error. */
  readonly errLines: string[];
  /** Questions that were asked. */
  readonly questions: string[];
}

/**
 * A console that keeps what is written.
 *
 * @param answer what is said to every question; undefined for a console that is no terminal.
 */
export function fakeConsole(answer?: string): FakeConsole {
  const questions: string[] = [];
  const outLines: string[] = [];
  const errLines: string[] = [];
  return {
    outLines,
    errLines,
    out: (text) => outLines.push(...text.split("\n")),
    err: (text) => errLines.push(...text.split("\n")),
    errRaw: (text) => errLines.push(...text.replace(/\n$/, "").split("\n")),
    errIsTerminal: false,
    errHasColour: false,
    hasUnicode: false,
    columns: () => 80,
    questions,
    ask: (question) => {
      questions.push(question);
      return answer;
    },
  };
}
