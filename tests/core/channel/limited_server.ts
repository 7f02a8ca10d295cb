/**
 * A manager's server in a process of its own, whose files are limited. It opens files all the time, as a run does. Prints where
 * it is; when its standard input ends, how often a file could not be opened, and its notices.
 *
 * @module
 */
import { formatChannelAddress } from "../../../core/channel/channel_address.ts";
import { TestServer } from "./channel_support.ts";

await using test = await TestServer.start();
console.log(JSON.stringify({ address: formatChannelAddress(test.server.address), key: test.key.toBase64() }));
let failures = 0;
let opened = 0;
const opening = setInterval(() => {
  const held: Deno.FsFile[] = [];
  try {
    for (let file = 0; file < 10; file++) held.push(Deno.openSync("/dev/null"));
    opened++;
  } catch {
    failures++;
  } finally {
    for (const file of held) file.close();
  }
}, 10);
while (await Deno.stdin.read(new Uint8Array(64)) !== null);
clearInterval(opening);
console.log(JSON.stringify({ failures, opened, notices: test.notices }));
