/**
 * What `blockfleet kinds` takes.
 *
 * @module
 */
import type { CommandHelp } from "./command.ts";

/** See {@linkcode CommandHelp}. */
export const KINDS_HELP: CommandHelp = {
  name: "kinds",
  summary: "list the kinds of compute worker, and which can run here",
  usage: "[--driver MODULE] [--json]",
  details: [],
  positionals: { name: "KIND", min: 0, max: 0 },
  options: [
    { name: "driver", value: "MODULE", help: "also look at a kind that is not built in" },
    { name: "json", help: "print one JSON object: {ok, kinds}" },
  ],
  examples: [
    { title: "Every kind, whether it can run here, and why not:", lines: ["kinds"] },
    { title: "A kind of your own:", lines: ["kinds --driver ./my_driver.ts"] },
  ],
};
