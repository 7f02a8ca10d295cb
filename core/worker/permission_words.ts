/**
 * What Deno says when a confined worker is refused something, in words that help: Deno's advice is to run it again with a flag,
 * but it is not the user who runs the worker.
 *
 * @module
 */

/** Deno's words, with what is wanted if it is one thing: `Requires read access to "lut.txt", run again with the --allow-read flag`. */
const REFUSAL =
  /(Requires [a-z]+ access(?: to "((?:[^"\\]|\\.)*)")?), run again with the (--allow-[a-z]+) flag/g;

/**
 * Deno's words for a package that is not in the lock file, with the change that it would make there. It says them of every later
 * import, too.
 */
const UNLOCKED =
  /The lockfile is out of date\. Run `deno install --frozen=false`[^]*?"((?:npm|jsr):[^"]+)@[^"@]*": [^]*$/;

/** A text in which Deno's advice has been made advice on what helps with workers: the option that permits it, or a bundled package. */
export function withWorkerPermissions(text: string): string {
  const ownPackages = text.replace(
    UNLOCKED,
    "A confined worker imports no packages but blockfleet's own, and $1 was wanted: import it by its name at the top of your " +
      "module, which is bundled with it",
  );
  return ownPackages.replace(REFUSAL, (_all, requires: string, wanted: string | undefined, flag: string) => {
    // A flag's list can't name anything with a comma in it; what has quotes in it is left to the user.
    const isListed = wanted !== undefined && flag !== "--allow-all" && !/[,"\\]/.test(wanted);
    const given = isListed ? `${flag}=${wanted}` : flag;
    return `${requires}, which a confined worker does not have: give it by workerPermissions (--worker-permissions "${given}")`;
  });
}
