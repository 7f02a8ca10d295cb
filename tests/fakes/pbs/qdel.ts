/**
 * The fake PBS's `qdel`, `qrerun` and `qrls`.
 *
 * @module
 */
import type { PbsServer } from "./pbs_server.ts";
import type { CommandCall, CommandReply } from "./protocol.ts";

/** Answers `qdel [-x] [-W force] ID...`. */
export function qdel(call: CommandCall, server: PbsServer): CommandReply {
  return forEach(call, server, (id, job) => {
    if (!job) return ["Unknown Job Id", 153, id];
    if (job.state === "F" || job.state === "X") return ["Job has finished", 35, id];
    if (job.spec.user !== call.user && call.uid !== 0) return ["Unauthorized Request ", 159, id];
    server.delete(job, `${call.user}@${server.config.host}`);
    return undefined;
  });
}

/** Answers `qrerun ID...`. */
export function qrerun(call: CommandCall, server: PbsServer): CommandReply {
  return forEach(call, server, (id, job) => {
    if (!job) return ["Unknown Job Id", 153, id];
    if (job.state !== "R") return ["Request invalid for state of job", 152, id];
    server.rerun(job);
    return undefined;
  });
}

/** Answers `qrls ID...`. */
export function qrls(call: CommandCall, server: PbsServer): CommandReply {
  return forEach(call, server, (id, job) => {
    if (!job) return ["Unknown Job Id", 153, id];
    server.release(job);
    return undefined;
  });
}

function forEach(
  { command, args }: CommandCall,
  server: PbsServer,
  act: (id: string, job: ReturnType<PbsServer["find"]>) => [string, number, string] | undefined,
): CommandReply {
  let [stderr, code] = ["", 0];
  const ids = [...args];
  while (ids.length > 0) {
    const word = ids.shift()!;
    if (word.startsWith("-W")) {
      if (word === "-W") ids.shift();
      continue;
    }
    if (word.startsWith("-")) continue;
    const full = word.includes(".") ? word : `${word}.${server.config.server}`;
    const failure = act(full, server.find(word));
    if (!failure) continue;
    stderr += `${command}: ${failure[0]} ${failure[2]}\n`;
    code = failure[1];
  }
  return { stdout: "", stderr, code };
}
