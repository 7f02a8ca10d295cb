/**
 * A fake PBS as a process of its own: it listens on `server.sock` for the commands and on `control.sock` for `down` and `up`,
 * notes every command in `commands.log`, and ends, with all jobs, when its standard input ends.
 *
 * @module
 */
import type { PbsServer } from "./pbs_server.ts";
import { type CommandCall, type CommandReply, receiveJson, sendJson } from "./protocol.ts";

/** Serves until standard input ends, and exits. */
export async function servePbs(folder: string, server: PbsServer): Promise<never> {
  let listener: Deno.UnixListener | undefined;
  const up = () => {
    listener ??= serve(`${folder}/server.sock`, (call) => {
      const line = `${JSON.stringify([call.command, ...call.args])}\n`;
      Deno.writeTextFileSync(`${folder}/commands.log`, line, { append: true });
      return server.answer(call);
    });
  };
  const down = () => {
    listener?.close();
    listener = undefined;
    Deno.removeSync(`${folder}/server.sock`);
  };
  serve(`${folder}/control.sock`, ({ args: [word] }) => {
    if (word === "down") down();
    else up();
    return { stdout: "", stderr: "", code: 0 };
  });
  up();
  for await (const _ of Deno.stdin.readable);
  await server.stop();
  Deno.exit(0);
}

function serve(path: string, answer: (call: CommandCall) => CommandReply): Deno.UnixListener {
  const socket = Deno.listen({ transport: "unix", path });
  void (async () => {
    for await (const connection of socket) void reply(connection, answer);
  })();
  return socket;
}

async function reply(connection: Deno.Conn, answer: (call: CommandCall) => CommandReply): Promise<void> {
  try {
    await sendJson(connection, answer(await receiveJson(connection)));
  } catch (error) {
    // The command was killed while it waited.
    console.error(error);
  } finally {
    connection.close();
  }
}
