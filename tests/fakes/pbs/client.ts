/**
 * `qsub`, `qstat` and `qdel` of the fake PBS: hands its arguments to the server whose folder is in FAKE_PBS, prints the
 * answer, and exits as it is told.
 *
 * @module
 */
import { type CommandCall, type CommandReply, receiveJson, sendJson } from "./protocol.ts";
import { parseOptions } from "./qsub_options.ts";

/** What a command prints and exits with when no server answers; PBSE_PROTOCOL and PBSE_NOSERVER in pbs_error.h. */
const NO_SERVER: Record<string, number> = { qsub: 162, qstat: 255, qdel: 1, control: 1 };

function hasNoScript(args: readonly string[]): boolean {
  try {
    return parseOptions(args).rest.length === 0;
  } catch {
    // The server refuses them, in its own words.
    return false;
  }
}

const [command = "", ...args] = Deno.args;
const env = Deno.env.toObject();
const readsScript = command === "qsub" && hasNoScript(args);
const call: CommandCall = {
  ...{ command, args, cwd: Deno.cwd(), env },
  user: env.LOGNAME ?? env.USER ?? (Deno.uid() === 0 ? "root" : String(Deno.uid())),
  uid: Deno.uid() ?? 0,
  stdin: readsScript ? await new Response(Deno.stdin.readable).text() : undefined,
};
const socket = command === "control" ? "control.sock" : "server.sock";
let reply: CommandReply;
try {
  using server = await Deno.connect({ transport: "unix", path: `${env.FAKE_PBS}/${socket}` });
  await sendJson(server, call);
  reply = await receiveJson(server);
} catch {
  const stderr = `Connection refused\n${command}: cannot connect to server pbs1 (errno=15010)\n`;
  reply = { stdout: "", stderr, code: NO_SERVER[command] ?? 1 };
}
const encoder = new TextEncoder();
for (const [stream, text] of [[Deno.stdout, reply.stdout], [Deno.stderr, reply.stderr]] as const) {
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
}
Deno.exit(reply.code);
