import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { ByteStream } from "../../../core/channel/connection.ts";
import { acceptHandshake, offerHandshake, UnansweredProofError } from "../../../core/channel/handshake.ts";
import { commonVersion, HELLO_BYTES, makeHello, parseHello } from "../../../core/channel/hello.ts";
import { PROOF_BYTES, Prover } from "../../../core/channel/proof.ts";
import { AuthError, ChannelClosedError, ProtocolError } from "../../../core/errors.ts";
import { freshKey, seededRandom } from "./channel_support.ts";

/** A stream whose other end is in the test's hands. */
class Pipe implements ByteStream {
  readonly written: Uint8Array[] = [];
  #waiting: Uint8Array[] = [];
  #wake: (() => void) | undefined;
  #isClosed = false;
  peer: Pipe | undefined;

  static pair(): [Pipe, Pipe] {
    const [a, b] = [new Pipe(), new Pipe()];
    a.peer = b;
    b.peer = a;
    return [a, b];
  }

  /** A stream that gives these bytes and then ends. */
  static of(...pieces: Uint8Array[]): Pipe {
    const pipe = new Pipe();
    pipe.#waiting = pieces.filter(({ byteLength }) => byteLength > 0);
    pipe.#isClosed = true;
    return pipe;
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#waiting.length === 0) {
      if (this.#isClosed) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const first = this.#waiting.shift()!;
    const count = Math.min(first.byteLength, into.byteLength);
    into.set(first.subarray(0, count));
    if (count < first.byteLength) this.#waiting.unshift(first.subarray(count));
    return count;
  }

  write(bytes: Uint8Array): Promise<number> {
    this.written.push(bytes.slice());
    this.peer?.give(bytes.slice());
    return Promise.resolve(bytes.byteLength);
  }

  give(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#wake?.();
  }

  close(): void {
    this.#isClosed = true;
    this.#wake?.();
    if (this.peer) {
      this.peer.#isClosed = true;
      this.peer.#wake?.();
    }
  }
}

const HASH = new Uint8Array(32).fill(7);

async function side(key: Uint8Array<ArrayBuffer>, { runId = "run-1", certificateHash = HASH } = {}) {
  return { prover: await Prover.create(key), runId, certificateHash };
}

Deno.test("two sides that know the key agree on a version", async () => {
  const key = freshKey();
  const [manager, worker] = Pipe.pair();
  const versions = await Promise.all([
    acceptHandshake(manager, await side(key)),
    offerHandshake(worker, await side(key)),
  ]);
  assertEquals(versions, [1, 1]);
  assertEquals(worker.written.map((bytes) => bytes.byteLength), [HELLO_BYTES, PROOF_BYTES]);
  assertEquals(manager.written.map((bytes) => bytes.byteLength), [HELLO_BYTES, PROOF_BYTES]);
});

Deno.test("a worker with another key, run or certificate gets no proof from the manager", async () => {
  const key = freshKey();
  const wrong = [
    await side(freshKey()),
    await side(key, { runId: "run-2" }),
    await side(key, { certificateHash: new Uint8Array(32) }),
    { ...await side(key), certificateHash: undefined },
  ];
  for (const options of wrong) {
    const [manager, worker] = Pipe.pair();
    const offering = assertRejects(() => offerHandshake(worker, options), UnansweredProofError);
    const error = await assertRejects(() => acceptManager(manager, key), AuthError);
    assertEquals(error.message, "It does not know the run's key");
    manager.close();
    await offering;
    assertEquals(manager.written.map((bytes) => bytes.byteLength), [HELLO_BYTES]);
  }
});

async function acceptManager(stream: ByteStream, key: Uint8Array<ArrayBuffer>): Promise<number> {
  return await acceptHandshake(stream, await side(key));
}

Deno.test("a worker does not take a manager's word that does not know the key", async () => {
  const [manager, worker] = Pipe.pair();
  const offering = offerHandshake(worker, await side(freshKey()));
  manager.write(makeHello("manager"));
  manager.write(new Uint8Array(PROOF_BYTES));
  await assertRejects(() => offering, AuthError, "It does not know the run's key");
});

Deno.test("a handshake that was listened to can't be played again", async () => {
  const key = freshKey();
  const [manager, worker] = Pipe.pair();
  await Promise.all([acceptManager(manager, key), offerHandshake(worker, await side(key))]);
  await assertRejects(() => acceptManager(Pipe.of(...worker.written), key), AuthError);
});

Deno.test("a side's own proof and hello can't be sent back to it", async () => {
  const key = freshKey();
  const [manager, worker] = Pipe.pair();
  const offering = offerHandshake(worker, await side(key));
  const hello = makeHello("manager");
  manager.write(hello);
  // Lets the worker answer, then gives its proof back as if it were the manager's.
  while (worker.written.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  manager.write(worker.written[1]!);
  await assertRejects(() => offering, AuthError);
  await assertRejects(
    () => acceptManager(Pipe.of(makeHello("manager")), key),
    ProtocolError,
    "It is no worker",
  );
});

Deno.test("versions that don't meet are refused by an error that names both", () => {
  assertEquals(commonVersion({ lowest: 1, highest: 9 }), 1);
  const error = assertThrows(() => commonVersion({ lowest: 3, highest: 4 }), ProtocolError);
  assertEquals(
    error.message,
    "It speaks versions 3 to 4 of the channel's protocol, this side version 1: " +
      "use the same release of blockfleet on both",
  );
});

Deno.test("both sides learn of a wrong version", async () => {
  const key = freshKey();
  const future = makeHello("worker");
  new DataView(future.buffer).setUint16(8, 2);
  new DataView(future.buffer).setUint16(10, 2);
  const stream = Pipe.of(future);
  await assertRejects(() => acceptManager(stream, key), ProtocolError, "It speaks version 2");
  assertEquals(parseHello(stream.written[0] as Uint8Array<ArrayBuffer>, "manager"), {
    lowest: 1,
    highest: 1,
  });
  const managers = makeHello("manager");
  new DataView(managers.buffer).setUint16(8, 2);
  new DataView(managers.buffer).setUint16(10, 3);
  const options = await side(key);
  await assertRejects(() => offerHandshake(Pipe.of(managers), options), ProtocolError, "versions 2 to 3");
});

Deno.test("a peer that stops anywhere in the handshake is a closed connection", async () => {
  const key = freshKey();
  const hello = makeHello("worker");
  for (const length of [0, 1, 8, 63]) {
    await assertRejects(() => acceptManager(Pipe.of(hello.slice(0, length)), key), ChannelClosedError);
  }
  for (const length of [0, 31]) {
    await assertRejects(() => acceptManager(Pipe.of(hello, new Uint8Array(length)), key), ChannelClosedError);
  }
});

Deno.test("what speaks another protocol is refused by its first byte", async () => {
  const waiting = Pipe.pair();
  waiting[0].give(new TextEncoder().encode("G"));
  await assertRejects(
    () => acceptManager(waiting[0], freshKey()),
    ProtocolError,
    "It does not speak blockfleet's protocol",
  );
});

Deno.test("half a million damaged hellos do no worse than be refused", () => {
  const seed = 31;
  const random = seededRandom(seed);
  let taken = 0;
  for (let input = 0; input < 500_000; input++) {
    const hello = new Uint8Array(HELLO_BYTES);
    if (input % 2 === 0) { for (let at = 0; at < HELLO_BYTES; at++) hello[at] = random() * 256; }
    else {
      hello.set([0xb1, 0x6f, 0x63, 0x6b, 0x66, 0x6c, 0x74, 0x0a, 0, 1, 0, 1, 1]);
      hello[Math.floor(random() * HELLO_BYTES)] = random() * 256;
    }
    try {
      commonVersion(parseHello(hello, "worker"));
      taken++;
    } catch (error) {
      assert(error instanceof ProtocolError, `seed ${seed}, input ${input}: ${error}`);
    }
  }
  // Only those whose random part, or nothing, was hit.
  assert(taken > 100_000 && taken < 150_000, `${taken} were taken`);
});

Deno.test("twenty thousand damaged handshakes never give a proof", async () => {
  const seed = 32;
  const random = seededRandom(seed);
  const key = freshKey();
  const options = await side(key);
  const [manager, worker] = Pipe.pair();
  await Promise.all([acceptHandshake(manager, options), offerHandshake(worker, options)]);
  for (let input = 0; input < 20_000; input++) {
    const [hello, proof] = worker.written.map((bytes) => bytes.slice());
    hello![Math.floor(random() * HELLO_BYTES)]! ^= 1 << Math.floor(random() * 8);
    if (input % 3 === 0) proof![Math.floor(random() * PROOF_BYTES)]! ^= 1;
    const stream = Pipe.of(hello!, proof!.subarray(0, input % 5 === 0 ? random() * 32 : 32));
    const error = await acceptHandshake(stream, options).catch((error) => error);
    assert(
      error instanceof ProtocolError || error instanceof AuthError || error instanceof ChannelClosedError,
      `seed ${seed}, input ${input}: ${error}`,
    );
    assert(stream.written.every((bytes) => bytes.byteLength !== PROOF_BYTES));
  }
});
