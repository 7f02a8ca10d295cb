/**
 * What `blockfleet script` takes.
 *
 * @module
 */
import { APPLY_HELP } from "./apply_help.ts";
import type { CommandHelp } from "./command.ts";

/** See {@linkcode CommandHelp}. */
export const SCRIPT_HELP: CommandHelp = {
  name: "script",
  summary: "show what apply would submit, and submit nothing",
  usage: "--kind KIND [the options of apply] [--probe]",
  details: [
    "Prints the job script, then the command that would submit it; for kinds in the cloud, each call. Placeholders stand " +
    "for the run's id, its address and its key, which are not known before the run. No scheduler and no account is asked.",
    "It takes whatever apply takes, so that apply can become script on any command line; the function and the inputs " +
    "may be missing. Where inputs are given and are there, there are no more workers than blocks, as in apply. To have " +
    "the rest checked too, use apply --dry-run.",
  ],
  positionals: { name: "MODULE", min: 0, max: 1 },
  options: [
    {
      name: "probe",
      help:
        "show instead a job of a minute that tests whether workers will find the manager: its address file, its " +
        "names (--advertise, --interface) and its port (--port-range)",
    },
  ],
  takesOptionsOf: APPLY_HELP,
  examples: [
    {
      title: "The job script of 50 workers:",
      lines: ["script --kind CW_SLURM --workers 50 --param partition=short --param walltime=2:00:00"],
    },
    { title: "A job that tries out the way from a node to here:", lines: ["script --kind CW_PBS --probe"] },
  ],
};
