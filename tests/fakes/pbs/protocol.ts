/**
 * What the commands of the fake PBS and its server say to each other: one JSON object each way over a Unix socket.
 *
 * @module
 */

/** A command as it was called. */
export interface CommandCall {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly uid: number;
  readonly stdin: string | undefined;
}

/** What it prints, and its exit status. */
export interface CommandReply {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** Reads to the end of what the other side has to say; the connection stays open for the answer. */
export async function receiveJson<T>(connection: Deno.Conn): Promise<T> {
  const chunks: BlobPart[] = [];
  while (true) {
    const buffer = new Uint8Array(65_536);
    const count = await connection.read(buffer);
    if (count === null) return JSON.parse(await new Blob(chunks).text());
    chunks.push(buffer.subarray(0, count));
  }
}

/** Says it, and that this is all. */
export async function sendJson(connection: Deno.Conn, value: unknown): Promise<void> {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  await connection.closeWrite();
}
