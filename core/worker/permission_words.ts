/**
 * What Deno says when a confined worker is refused something, in words that help: Deno's advice is to run it again with a flag,
 * but it is not the user who runs the worker.
 *
 * @module
 */

/** Deno's words, with what is wanted if it is one thing: `Requires read access to "lut.txt", run again with the --allow-read flag`. */
const REFUSAL =
  /(Requires [a-z]+ access(?: to "((?:[^"\\]|\\.)*)")?), run again with the (--allow-[a-z]+) flag/g;

/** A text in which Deno's advice on a permission has been made advice on the option that gives it to workers. */
export function withWorkerPermissions(text: string): string {
  return text.replace(REFUSAL, (_all, requires: string, wanted: string | undefined, flag: string) => {
    // A flag's list can't name anything with a comma in it; what has quotes in it is left to the user.
    const isListed = wanted !== undefined && flag !== "--allow-all" && !/[,"\\]/.test(wanted);
    const given = isListed ? `${flag}=${wanted}` : flag;
    return `${requires}, which a confined worker does not have: give it by workerPermissions (--worker-permissions "${given}")`;
  });
}
