/**
 * What `qsub` takes, from its arguments and from the `#PBS` lines of the script.
 *
 * @module
 */

/** A refusal: what the command prints on standard error, and its exit status. */
export class Refusal extends Error {
  override name = "Refusal";
  readonly code: number;

  constructor(message: string, code: number) {
    super(message);
    this.code = code;
  }
}

/** Options by their letter; `l`, `v` and `W` may be given several times. */
export type QsubOptions = ReadonlyMap<string, readonly string[]>;

const WITH_VALUE = "aAcCeJjklmMNopPqrRSuvWw";

/**
 * Splits arguments into options and the script's name.
 *
 * @throws {Refusal} with status 2 for an option that there is none of.
 */
export function parseOptions(args: readonly string[]): { options: QsubOptions; rest: string[] } {
  const options = new Map<string, string[]>();
  const rest = [...args];
  while (rest.length > 0 && /^-./.test(rest[0]!)) {
    const word = rest.shift()!;
    if (word === "--") break;
    for (let at = 1; at < word.length; at++) {
      const letter = word[at]!;
      if (!/[a-zA-Z]/.test(letter)) throw new Refusal(`qsub: invalid option -- '${letter}'\n${USAGE}`, 2);
      const values = options.get(letter) ?? [];
      options.set(letter, values);
      if (!WITH_VALUE.includes(letter)) {
        values.push("");
        continue;
      }
      const value = at + 1 < word.length ? word.slice(at + 1) : rest.shift();
      if (value === undefined) {
        throw new Refusal(`qsub: option requires an argument -- '${letter}'\n${USAGE}`, 2);
      }
      values.push(value);
      break;
    }
  }
  return { options, rest };
}

/** Options of the `#PBS` lines before the first command, in their order. */
export function scriptOptions(script: string): QsubOptions {
  const words: string[] = [];
  for (const line of script.split("\n")) {
    if (line.startsWith("#PBS")) words.push(...splitWords(line.slice("#PBS".length)));
    else if (!line.startsWith("#") && line.trim() !== "" && !line.startsWith(":")) break;
  }
  return parseOptions(words).options;
}

/**
 * The words of a directive: quotes of either sort go, wherever they stand, and nothing in them is special; outside of them a
 * backslash takes the next letter as it is.
 *
 * @throws {Refusal} if a quote is not closed.
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!;
    if (letter === '"' || letter === "'") {
      const end = text.indexOf(letter, at + 1);
      if (end < 0) throw new Refusal("qsub: unmatched \n", 1);
      word = (word ?? "") + text.slice(at + 1, end);
      at = end;
    } else if (letter === "\\") {
      word = (word ?? "") + (text[++at] ?? "");
    } else if (!/\s/.test(letter)) {
      word = (word ?? "") + letter;
    } else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  return word === undefined ? words : [...words, word];
}

/** The items of a `-v` or `-l` list: a comma in quotes does not part them, and the quotes are gone. */
export function splitList(text: string): string[] {
  const items = text.match(/(?:[^,"']+|"[^"]*"|'[^']*')+/g) ?? [];
  return items.map((item) => item.replaceAll(/"([^"]*)"|'([^']*)'/g, "$1$2"));
}

/** Seconds of `[[HH:]MM:]SS`. */
export function seconds(text: string): number | undefined {
  if (!/^\d+(:\d+){0,2}(\.\d+)?$/.test(text)) return undefined;
  return text.split(":").reduce((total, part) => total * 60 + Number(part), 0);
}

const USAGE =
  "usage: qsub [-a date_time] [-A account_string] [-c interval]\n\t[-C directive_prefix] [-e path] [-f ] [-h ] [-j oe|eo] " +
  "[-J X-Y[:Z]]\n\t[-k keep] [-l resource_list] [-m mail_options] [-M user_list]\n\t[-N jobname] [-o path] [-p priority] [-P project] " +
  "[-q queue] [-r y|n]\n\t[-R o|e|oe] [-S path] [-u user_list]\n\t[-v variable_list] [-V ] [-W otherattributes=value...]\n\t[-z] " +
  "[script | -- command [arg1 ...]]\n";
