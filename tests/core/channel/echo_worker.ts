/**
 * A worker that answers each request to release blocks, as a process of its own. Takes the manager's address.
 *
 * @module
 */
import { takeKeyFromEnvironment } from "../../../core/channel/address_file.ts";
import { parseChannelAddress } from "../../../core/channel/channel_address.ts";
import { ManagerChannel } from "../../../core/channel/manager_channel.ts";

const channel = await ManagerChannel.connect({
  address: parseChannelAddress(Deno.args[0]!),
  key: takeKeyFromEnvironment(),
  worker: 0,
  hello: { nativeId: "echo", host: "localhost", pid: Deno.pid },
  deadlineMs: 10_000,
});
for (let message = await channel.receive(); message !== undefined; message = await channel.receive()) {
  if (message.type === "release") channel.send({ type: "released", blocks: message.blocks });
}
