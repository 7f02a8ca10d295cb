/**
 * What `blockfleet worker` takes.
 *
 * @module
 */
import type { CommandHelp } from "./command.ts";

/** See {@linkcode CommandHelp}. */
export const WORKER_HELP: CommandHelp = {
  name: "worker",
  summary: "one compute worker; runs start their own",
  usage: "(--channel-file FILE | --channel ADDRESS) -i N|auto [--threads N]",
  details: [
    "Connects to the manager of a run, computes the blocks that it is sent, and ends when the run does or the manager " +
    "is gone. On SIGTERM it finishes the blocks in hand and hands the others back.",
  ],
  positionals: { name: "ARGUMENT", min: 0, max: 0 },
  options: [
    { name: "channel-file", value: "FILE", help: "the run's address file" },
    {
      name: "channel",
      value: "ADDRESS",
      help:
        "the manager's address (default $BLOCKFLEET_CHANNEL); the key is then in the environment as BLOCKFLEET_KEY",
    },
    { name: "stdin-key", help: "with --channel: the key is the first line of standard input" },
    {
      name: "end-with-stdin",
      help: "end at once when standard input ends, as it does when the manager dies",
    },
    {
      name: "index",
      short: "i",
      value: "N|auto",
      help:
        "the worker's number; auto takes it from the array job that this is part of, else from the manager",
    },
    { name: "index-offset", value: "N", help: "added to a number from an array job (default 0)" },
    {
      name: "native-id",
      value: "auto|pid",
      help:
        "what it is called by whatever started it: auto (default) takes the job's or task's id from the environment",
    },
    { name: "threads", value: "N", help: "computing threads (default 1)" },
    { name: "connect-timeout", value: "SECONDS", help: "how long to try to connect (default 300)" },
    {
      name: "refused-timeout",
      value: "SECONDS",
      help:
        "how long to try while every address refuses the connection, for a manager that listened before this worker was " +
        "started (default as --connect-timeout)",
    },
    {
      name: "drain-grace",
      value: "SECONDS",
      help: "how long the blocks in hand may take after SIGTERM (default 20)",
    },
  ],
  examples: [
    {
      title: "Worker 3 of a run whose address file is in a shared folder:",
      lines: ["worker --channel-file ~/.blockfleet/run/RUN/channel -i 3"],
    },
  ],
};
