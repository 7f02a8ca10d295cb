/**
 * The commands there are.
 *
 * @module
 */
import { APPLY_HELP } from "./apply_help.ts";
import { CLEANUP_HELP } from "./cleanup_help.ts";
import type { Command } from "./command.ts";
import { DEMO_HELP } from "./demo_help.ts";
import { INFO_HELP } from "./info_help.ts";
import { KINDS_HELP } from "./kinds_help.ts";
import { SCRIPT_HELP } from "./script_help.ts";
import { WORKER_HELP } from "./worker_help.ts";

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  { help: APPLY_HELP, load: async () => (await import("./apply_command.ts")).runApply },
  { help: INFO_HELP, load: async () => (await import("./info_command.ts")).runInfo },
  { help: KINDS_HELP, load: async () => (await import("./kinds_command.ts")).runKinds },
  { help: SCRIPT_HELP, load: async () => (await import("./script_command.ts")).runScript },
  { help: CLEANUP_HELP, load: async () => (await import("./cleanup_command.ts")).runCleanup },
  { help: WORKER_HELP, load: async () => (await import("./worker_command.ts")).runWorker },
  { help: DEMO_HELP, load: async () => (await import("./demo_command.ts")).runDemo },
];
