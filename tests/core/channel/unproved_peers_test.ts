import { assertEquals } from "@std/assert";
import type { ByteStream } from "../../../core/channel/connection.ts";
import { UnprovedPeers, type UnprovedPeersOptions } from "../../../core/channel/unproved_peers.ts";
import { OpenFiles } from "../../../core/open_files.ts";

/** Peers of a process that may have so many files, and has so many besides. */
class Fixture implements Disposable {
  open = 0;
  others: number;
  fullCount = 0;
  readonly dropped: string[] = [];
  readonly peers: UnprovedPeers;

  constructor(limit: number, { others = 0, expected = 0 } = {}) {
    this.others = others;
    const options: UnprovedPeersOptions = {
      expected: () => expected,
      files: new OpenFiles({ limit: () => limit, count: () => this.others + this.open }),
      dropped: (cause) => this.dropped.push(cause),
      full: () => this.fullCount++,
    };
    this.peers = new UnprovedPeers(options);
  }

  /** Takes in as many as there is room for, up to so many; what each gave back. */
  async takeIn(most: number): Promise<(() => boolean)[]> {
    const taken: (() => boolean)[] = [];
    while (taken.length < most && await this.hasRoom()) taken.push(this.peers.add(this.#stream(), "host"));
    return taken;
  }

  async hasRoom(): Promise<boolean> {
    const { promise: later, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), 0);
    const hasRoom = await Promise.race([this.peers.room().then(() => true), later]);
    clearTimeout(timer);
    return hasRoom;
  }

  #stream(): ByteStream {
    this.open++;
    return {
      read: () => Promise.resolve(null),
      write: (bytes) => Promise.resolve(bytes.byteLength),
      close: () => void this.open--,
    };
  }

  [Symbol.dispose](): void {
    this.peers.clear();
  }
}

Deno.test("without a limit that matters there is room for 512 strangers and the workers that are expected", async () => {
  using few = new Fixture(Infinity, { expected: 3 });
  assertEquals((await few.takeIn(5000)).length, 515);
  using many = new Fixture(1_000_000, { expected: 10_000 });
  // So many TLS connections stay below 64 MiB.
  assertEquals((await many.takeIn(5000)).length, 1300);
});

Deno.test("a quarter of the files that may be open, and at most 256, are not for strangers", async () => {
  using small = new Fixture(256, { others: 40 });
  const taken = (await small.takeIn(1000)).length;
  // What was counted a moment ago may have changed by those that came since.
  assertEquals(taken >= 256 - 64 - 40 - 16 && taken <= 256 - 64 - 40, true, `${taken} were taken in`);
  using large = new Fixture(2000, { others: 1400 });
  assertEquals((await large.takeIn(1000)).length <= 2000 - 256 - 1400, true);
});

Deno.test("who has left or proved itself makes room for the next at once", async () => {
  using fixture = new Fixture(Infinity);
  const [first] = await fixture.takeIn(512);
  const room = fixture.peers.room();
  assertEquals(await fixture.hasRoom(), false);
  assertEquals(first!(), true);
  await room;
  assertEquals(first!(), false);
});

Deno.test("while nearly no file is free nobody is taken in, that is told, and a few may try as soon as some are", async () => {
  using fixture = new Fixture(256, { others: 40 });
  const settled = await fixture.takeIn(32);
  for (const settle of settled) settle();
  fixture.open = 0;
  fixture.others = 240;
  // Until the count is done anew.
  while (await fixture.hasRoom());
  assertEquals(fixture.fullCount > 0, true);
  fixture.others = 200;
  await fixture.peers.room();
  assertEquals((await fixture.takeIn(100)).length, 8);
});

Deno.test("when no file can be opened any more the older half of the strangers goes, however young they are", async () => {
  using fixture = new Fixture(Infinity);
  const taken = await fixture.takeIn(9);
  assertEquals(fixture.peers.dropHalf(), true);
  assertEquals(taken.map((settle) => settle()), [...Array(5).fill(false), ...Array(4).fill(true)]);
  assertEquals(new Set(fixture.dropped), new Set(["it proved nothing, and too many files were open"]));
  assertEquals(fixture.peers.dropHalf(), false);
});
