import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { readAddressFile } from "../../../core/channel/address_file.ts";
import { ChannelHost, type ChannelHostOptions } from "../../../core/channel/channel_host.ts";
import { ManagerChannel } from "../../../core/channel/manager_channel.ts";
import { HELLO } from "./channel_support.ts";

function open(options: Partial<ChannelHostOptions> = {}): Promise<ChannelHost> {
  return ChannelHost.open({
    ...{ runId: "run-1", reach: "machine", style: {}, notice: () => {} },
    attach: (_worker, _hello, link) => link.listen({ message: () => {}, ended: () => {} }),
    ...options,
  });
}

Deno.test("the address file is written once, announced before, and gone when the channel is closed", async () => {
  const home = await Deno.makeTempDir({ prefix: "blockfleet_host_" });
  try {
    const announced: string[] = [];
    const host = await open({
      codeHash: "ab".repeat(32),
      addressFileNext: async (path) => {
        await assertRejects(() => Deno.lstat(path), Deno.errors.NotFound);
        announced.push(path);
      },
    });
    const path = join(home, "run-1", "channel");
    assertEquals(await Promise.all([host.addressFile(home), host.addressFile(home)]), [path, path]);
    assertEquals(announced, [path]);
    assertEquals(await readAddressFile(path), host.credentials);
    await host.close("the test is over");
    assertEquals(await Array.fromAsync(Deno.readDir(home)), []);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("an address file that can't be written is an error, and the channel closes all the same", async () => {
  const folder = await Deno.makeTempDir({ prefix: "blockfleet_host_" });
  const notices: string[] = [];
  const host = await open({ notice: (line) => notices.push(line) });
  try {
    await Deno.writeTextFile(join(folder, "run-1"), "a file where the run's folder should be");
    await assertRejects(() => host.addressFile(folder));
  } finally {
    await host.close("the test is over");
    await Deno.remove(folder, { recursive: true });
  }
  assertEquals(notices.length, 1);
});

Deno.test("the driver may number workers, and refuse them with a reason", async () => {
  const admitted: (number | undefined)[] = [];
  const host = await open();
  const connect = (worker: number | undefined) =>
    ManagerChannel.connect({
      ...host.credentials,
      worker,
      hello: { ...HELLO, restarts: 2 },
      deadlineMs: 5000,
    });
  const first = await connect(undefined);
  const second = await connect(undefined);
  assertEquals([first.worker, second.worker], [0, 1]);
  await first.leave("it leaves");
  const third = await connect(undefined);
  assertEquals(third.worker, 0, "the number is free again");
  host.admit = (requested, { restarts }) => {
    admitted.push(requested, restarts);
    if (requested === 7) throw new Error("there is no job 7");
    return 5;
  };
  const fourth = await connect(3);
  assertEquals([fourth.worker, admitted], [5, [3, 2]]);
  await assertRejects(() => connect(7), Error, "there is no job 7");
  for (const channel of [second, third, fourth]) await channel.leave("the test is over");
  await host.close("the test is over");
});
