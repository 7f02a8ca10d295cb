/**
 * What `blockfleet cleanup` takes.
 *
 * @module
 */
import type { CommandHelp } from "./command.ts";

/** See {@linkcode CommandHelp}. */
export const CLEANUP_HELP: CommandHelp = {
  name: "cleanup",
  summary: "remove what killed runs left in a queue or a cloud",
  usage: "[--run ID | --job-name NAME | --all-dead | --kind KIND] [--dry-run] [--force]",
  details: [
    "Every run that makes something outside this machine writes it down first, in a register of yours. A run that ends " +
    "in order removes what it made; after kill -9, a power cut or a lost login node this command does. Without a " +
    "choice of runs it lists those in the register and removes nothing.",
    "Only what the register names is removed. A run that is not in it (of another machine, perhaps) is looked for by its " +
    "id or job name in the comments and tags of jobs and tasks, and before anything of it is removed you are asked. " +
    "Runs whose manager lives are left alone. apply --resume cleans up by itself after the run that it goes on with.",
  ],
  positionals: { name: "RUN", min: 0, max: 0 },
  options: [
    { name: "run", value: "ID", repeatable: true, help: "clean up after the run of this id" },
    { name: "job-name", value: "NAME", help: "clean up after the runs of this job name" },
    { name: "all-dead", help: "clean up after every run in the register whose manager is dead" },
    {
      name: "kind",
      value: "KIND",
      help: "only runs of this kind of worker; by itself, every dead one of them",
    },
    { name: "dry-run", help: "say what would be removed, and remove nothing" },
    { name: "force", help: "clean up after a run although its manager seems to live; it then fails" },
    {
      name: "yes",
      short: "y",
      help: "don't ask before removing what only a comment, tag or name makes a run's",
    },
    { name: "driver", value: "MODULE", help: "module of a kind that is not built in" },
    {
      name: "json",
      help: "print one JSON object: {ok, runs}, or {ok, dryRun, runs, removed, failed, refused}",
    },
  ],
  examples: [
    { title: "The runs in the register, and what they left:", lines: ["cleanup"] },
    { title: "What would go:", lines: ["cleanup --all-dead --dry-run"] },
    {
      title: "One run:",
      lines: ["cleanup --run 0f9a7c52-6a1f-4e0c-9a3e-2f1f6d1f5c11"],
    },
  ],
};
