import { assert, assertEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../../../core/errors.ts";
import { payloadFromBytes, payloadToBytes } from "../../../core/journal/payload_bytes.ts";
import { HEAD_BYTES } from "../../../core/journal/record_frame.ts";
import { RecordFile } from "../../../core/journal/record_file.ts";
import { RecordDamageError, RecordReader } from "../../../core/journal/record_reader.ts";
import type { Payload } from "../../../core/payload.ts";
import { tempFolder } from "../../gdal.ts";
import { seededRandom } from "../../raster/seeded_random.ts";

/** Bodies of groups of records, and where each group ends in the file. */
interface Written {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly bodies: readonly Uint8Array<ArrayBuffer>[];
  /** Where each record begins. */
  readonly offsets: readonly number[];
  /** Where the last group begins. */
  readonly lastGroup: number;
}

async function write(path: string, groups: readonly number[]): Promise<Written> {
  const random = seededRandom(7);
  const bodies: Uint8Array<ArrayBuffer>[] = [];
  const offsets: number[] = [];
  let lastGroup = 0;
  using file = RecordFile.create(path);
  for (const count of groups) {
    lastGroup = file.byteLength;
    const group = Array.from({ length: count }, () => {
      const part = Uint8Array.from({ length: random() * 40 }, () => random() * 256);
      return payloadToBytes({ header: [bodies.length, "text", -0.5], parts: [part] });
    });
    let at = lastGroup;
    for (const body of group) {
      offsets.push(at);
      bodies.push(body);
      at += HEAD_BYTES + body.byteLength;
    }
    file.append(group);
    await file.sync();
  }
  return { bytes: Deno.readFileSync(path), bodies, offsets, lastGroup };
}

interface Read {
  readonly payloads: readonly Payload[];
  readonly goodBytes: number;
  readonly tornBytes: number;
}

function readAll(path: string): Read {
  using reader = new RecordReader(path);
  const payloads = [...reader.records()].map(({ payload }) => payload);
  return { payloads, goodBytes: reader.goodBytes, tornBytes: reader.tornBytes };
}

Deno.test("records come back as they were written", async () => {
  using folder = tempFolder();
  const path = folder.file("r");
  const { bytes, bodies } = await write(path, [1, 3, 2]);
  const { payloads, goodBytes, tornBytes } = readAll(path);
  assertEquals(payloads, bodies.map((body) => payloadFromBytes(body)));
  assertEquals([goodBytes, tornBytes], [bytes.byteLength, 0]);
});

Deno.test("a file that is cut at any byte gives all records before the cut, and goes on from there", async () => {
  using folder = tempFolder();
  const whole = folder.file("whole");
  const { bytes, bodies, offsets } = await write(whole, [1, 3, 2]);
  const path = folder.file("cut");
  const ends = [...offsets.slice(1), bytes.byteLength];
  for (let length = 0; length <= bytes.byteLength; length++) {
    Deno.writeFileSync(path, bytes.subarray(0, length));
    const count = ends.filter((end) => end <= length).length;
    const good = count === 0 ? 0 : ends[count - 1]!;
    const read = readAll(path);
    assertEquals(read.payloads.length, count, `cut at ${length}`);
    assertEquals([read.goodBytes, read.tornBytes], [good, length - good], `cut at ${length}`);
  }
  using file = RecordFile.reopen(path, offsets[4]!);
  file.append([bodies[5]!]);
  assertEquals(
    readAll(path).payloads,
    [...bodies.slice(0, 4), bodies[5]!].map((body) => payloadFromBytes(body)),
  );
});

Deno.test("a byte that changed is damage, but in the last group a torn end", async () => {
  using folder = tempFolder();
  const { bytes, offsets, lastGroup } = await write(folder.file("whole"), [1, 3, 2]);
  const path = folder.file("bad");
  for (let at = 0; at < bytes.byteLength; at++) {
    for (const flip of [1, 0x80, 0xff]) {
      const bad = bytes.slice();
      bad[at]! ^= flip;
      Deno.writeFileSync(path, bad);
      if (at < lastGroup) assertThrows(() => readAll(path), RecordDamageError, undefined, `byte ${at}`);
      else {
        const good = offsets.filter((offset) => offset <= at).at(-1)!;
        const read = readAll(path);
        assertEquals([read.goodBytes, read.payloads.length], [good, offsets.indexOf(good)], `byte ${at}`);
      }
    }
  }
});

Deno.test("zeros and rubbish behind the records are a torn end, and records out of place are no records", async () => {
  using folder = tempFolder();
  const path = folder.file("r");
  const { bytes } = await write(path, [1, 3]);
  const random = seededRandom(3);
  const rubbish = Uint8Array.from({ length: 3_000_000 }, () => random() * 256);
  for (const tail of [new Uint8Array(5000), rubbish, bytes]) {
    const file = new Uint8Array(bytes.byteLength + tail.byteLength);
    file.set(bytes);
    file.set(tail, bytes.byteLength);
    Deno.writeFileSync(path, file);
    assertEquals(readAll(path).payloads.length, 4);
    assertEquals(readAll(path).tornBytes, tail.byteLength);
  }
});

Deno.test("a body that is none is refused, whatever lengths it gives", () => {
  const good = payloadToBytes({ header: ["good", 1], parts: [Uint8Array.of(1, 2, 3, 4), new Uint8Array(9)] });
  const random = seededRandom(11);
  let refused = 0;
  for (let run = 0; run < 5000; run++) {
    const bad = good.slice(0, random() < 0.3 ? Math.floor(random() * good.byteLength) : good.byteLength);
    for (let i = 0; i < 3; i++) bad[Math.floor(random() * Math.min(16, bad.byteLength))] = random() * 256;
    try {
      payloadFromBytes(bad);
    } catch (error) {
      assert(error instanceof TypeError || error instanceof ProtocolError, String(error));
      refused++;
    }
  }
  assert(refused > 4000, `${refused}`);
});

Deno.test("values of every kind that a payload may hold survive", () => {
  const header = { text: "ü", list: [1, -2.5, NaN, Infinity, null, true], big: 2n ** 70n, far: 2 ** 40 };
  const parts = [new Uint8Array(0), Uint8Array.of(1, 2, 3)];
  const back = payloadFromBytes(payloadToBytes({ header, parts }));
  assertEquals(back, { header, parts });
  const arrays = [Uint32Array.of(1, 2 ** 31), new Float64Array(3)];
  assertEquals(payloadFromBytes(payloadToBytes({ header: arrays, parts: [] })).header, arrays);
});
