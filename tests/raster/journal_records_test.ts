import { assert, assertEquals, assertThrows } from "@std/assert";
import { payloadFromBytes, payloadToBytes } from "../../core/journal/payload_bytes.ts";
import { packValue } from "../../core/pack_value.ts";
import { decodeRecord, encodeRecord, type JournalRecord } from "../../raster/journal/journal_records.ts";
import { differences } from "../../raster/journal/run_facts.ts";
import { seededRandom } from "./seeded_random.ts";

const RECORDS: readonly JournalRecord[] = [
  { kind: "header", format: 1, run: "r", blockCount: 12, facts: { "the window": "256 x 256", "1": "" } },
  { kind: "resumed", run: "s" },
  { kind: "formats", formats: [{ type: "float32", bands: 2, block: 7 }] },
  {
    kind: "block",
    block: 7,
    outputs: [
      { offset: 2 ** 41, lengths: Uint32Array.of(5, 0, 2 ** 31), crcs: Uint32Array.of(1, 0, 2 ** 32 - 1) },
      { offset: 16, lengths: Uint32Array.of(9), crcs: Uint32Array.of(3) },
    ],
    statistics: [],
    args: packValue({ bins: Float64Array.of(1, 2), name: "x", nothing: null, far: -Infinity }, "otherArgs"),
  },
  { kind: "block", block: 0, outputs: [], statistics: [], args: undefined },
  { kind: "argsChanged" },
  { kind: "complete", byteLengths: [2 ** 41, 17] },
];

const there = (record: JournalRecord) => decodeRecord(payloadFromBytes(payloadToBytes(encodeRecord(record))));

Deno.test("every record comes back from the journal as it was", () => {
  for (const record of RECORDS) assertEquals(there(record), record);
});

Deno.test("what is no record is refused and never taken for one with parts missing", () => {
  const random = seededRandom(5);
  let refused = 0;
  for (let round = 0; round < 3000; round++) {
    const record = RECORDS[Math.floor(random() * RECORDS.length)]!;
    const { header, parts } = encodeRecord(record);
    const list = header as unknown[];
    const at = Math.floor(random() * list.length);
    const other = [null, -1, 0.5, "x", {}, [], 99, true, Uint32Array.of(1)][Math.floor(random() * 9)];
    const changed = random() < 0.3
      ? list.slice(0, at)
      : list.map((entry, index) => index === at ? other : entry);
    try {
      const decoded = decodeRecord({ header: changed, parts });
      if (decoded.kind !== "block") continue;
      for (const { offset, lengths, crcs } of decoded.outputs) {
        assert(Number.isSafeInteger(offset) && lengths.length === crcs.length);
      }
    } catch (error) {
      assert(error instanceof TypeError, String(error));
      refused++;
    }
  }
  assert(refused > 1500, `${refused}`);
  for (const header of [null, "text", {}, [], [17], [0, null], [3]]) {
    assertThrows(() => decodeRecord({ header, parts: [] }), TypeError, "no record");
  }
});

Deno.test("a header of a later format is read, so that it can be refused by its number", () => {
  const later = { ...RECORDS[0], format: 2, facts: 17 } as unknown as JournalRecord;
  assertEquals(there(later), later);
});

Deno.test("differences between runs are told in words, long values only by name", () => {
  const then = { a: "1", b: "2", c: "x".repeat(200), d: "4" };
  const now = { a: "1", b: "3", c: "y".repeat(200), e: "5" };
  assertEquals(differences(then, now), [
    ...["b was 2 and is now 3", "c is not the same", "d is missing", "e is new"],
  ]);
  assertEquals(differences(then, { ...then }), []);
});
