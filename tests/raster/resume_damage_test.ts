import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ConfigError, RasterError, WorkerError } from "../../core/errors.ts";
import { RecordReader } from "../../core/journal/record_reader.ts";
import { decodeRecord, type HeaderRecord } from "../../raster/journal/journal_records.ts";
import { readJournal } from "../../raster/journal/read_journal.ts";
import { run } from "./apply_support.ts";
import { BLOCKS, type ResumeScene, resumeScene } from "./resume_support.ts";
import { seededRandom } from "./seeded_random.ts";

/** What a run left that failed twice, so that its journal has two groups of records behind its header. */
interface Kept {
  readonly journal: Uint8Array<ArrayBuffer>;
  /** Where each record begins, and the end of the last. */
  readonly bounds: readonly number[];
  readonly blocksDone: number;
  readonly header: HeaderRecord;
  /** Puts the files back as they were left, but for these. */
  restore(
    changes?: { readonly journal?: Uint8Array; readonly a?: Uint8Array; readonly b?: Uint8Array },
  ): void;
  readonly a: Uint8Array<ArrayBuffer>;
  readonly b: Uint8Array<ArrayBuffer>;
}

async function failTwice(scene: ResumeScene): Promise<Kept> {
  await scene.fail(8, scene.job("run"));
  await scene.fail(17, scene.job("run", { resume: true }));
  const names = ["run_a.tif.journal", "run_a.tif.part", "run_b.tif.part"];
  const [journal, a, b] = names.map((name) => Deno.readFileSync(scene.file(name))) as [
    ...[Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>],
  ];
  using reader = new RecordReader(scene.file(names[0]!));
  const records = [...reader.records()];
  return {
    journal,
    a,
    b,
    bounds: [...records.map(({ offset }) => offset), journal.byteLength],
    blocksDone: records.filter(({ payload }) => decodeRecord(payload).kind === "block").length,
    header: decodeRecord(records[0]!.payload) as HeaderRecord,
    restore(changes = {}) {
      for (const name of scene.left("run")) Deno.removeSync(scene.file(name));
      const files = [changes.journal ?? journal, changes.a ?? a, changes.b ?? b];
      files.forEach((bytes, index) => Deno.writeFileSync(scene.file(names[index]!), bytes));
    },
  };
}

/** Resumes; the outputs must be right, or the damage must be an error in words that touches nothing. */
async function resumeOrRefuse(scene: ResumeScene, what: string): Promise<"right" | "refused"> {
  const before = scene.left("run");
  const error = await run(scene.job("run", { resume: true })).then(() => undefined, (thrown) => thrown);
  if (error === undefined) {
    await scene.assertSame("run");
    return "right";
  }
  assert(error instanceof RasterError, `${what}: ${error.stack}`);
  for (const words of ["is damaged", "--restart"]) assertStringIncludes(error.message, words, what);
  assertEquals(scene.left("run"), before);
  return "refused";
}

Deno.test("a journal that is cut at any byte gives what lies before, and says what was cut off", async () => {
  using scene = await resumeScene();
  const { journal, bounds, header: { facts }, blocksDone } = await failTwice(scene);
  const path = scene.file("cut.journal");
  let most = 0;
  for (let length = 0; length <= journal.byteLength; length++) {
    Deno.writeFileSync(path, journal.subarray(0, length));
    const notices: string[] = [];
    const options = {
      facts,
      blockCount: BLOCKS,
      outputCount: 2,
      onNotice: (line: string) => notices.push(line),
    };
    const state = readJournal(path, options);
    const good = bounds.filter((bound) => bound <= length).at(-1)!;
    assertEquals(state === undefined, good === 0, `cut at ${length}`);
    assertEquals(notices.length, good < length ? 1 : 0);
    if (good < length) assertStringIncludes(notices[0]!, `Cut ${length - good} bytes`);
    assert((state?.blocksDone ?? 0) >= most);
    most = state?.blocksDone ?? 0;
  }
  assertEquals(most, blocksDone);
});

Deno.test("a run resumes to the same outputs from a journal that is cut at, before and behind every record", async () => {
  using scene = await resumeScene();
  const { journal, bounds, restore } = await failTwice(scene);
  for (const bound of bounds.filter((_, index) => index < 5 || index % 5 === 0)) {
    for (const length of [bound - 1, bound, bound + 1]) {
      if (length < 0 || length > journal.byteLength) continue;
      restore({ journal: journal.subarray(0, length) });
      assertEquals(await resumeOrRefuse(scene, `cut at ${length}`), "right");
    }
  }
});

Deno.test("a journal with a byte that changed is refused, or the blocks behind it are computed again", async () => {
  using scene = await resumeScene();
  const { journal, bounds, header: { facts }, restore } = await failTwice(scene);
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = seededRandom(seed);
  // The last group is that of the run that failed second.
  const path = scene.file("bad.journal");
  let refused = 0;
  for (let at = 0; at < journal.byteLength; at++) {
    const bad = journal.slice();
    bad[at]! ^= 1 + Math.floor(random() * 255);
    Deno.writeFileSync(path, bad);
    try {
      readJournal(path, { facts, blockCount: BLOCKS, outputCount: 2, onNotice: () => {} });
      assert(at >= bounds[2]!, `seed ${seed}: byte ${at} passed`);
    } catch (error) {
      if (!(error instanceof RasterError)) throw error;
      assertStringIncludes(error.message, "is damaged");
      refused++;
    }
  }
  assert(refused > journal.byteLength / 3, `seed ${seed}: ${refused}`);
  const seen = { right: 0, refused: 0 };
  for (let round = 0; round < 25; round++) {
    const bad = journal.slice();
    const at = Math.floor(random() * bad.byteLength);
    bad[at]! ^= 1 + Math.floor(random() * 255);
    restore({ journal: bad });
    seen[await resumeOrRefuse(scene, `seed ${seed}, byte ${at}`)]++;
  }
  assert(seen.right > 0 && seen.refused > 0, `seed ${seed}: ${JSON.stringify(seen)}`);
});

Deno.test("blocks whose tiles changed or are cut off are computed again, and that is said", async () => {
  using scene = await resumeScene();
  const { a, b, restore, blocksDone } = await failTwice(scene);
  const random = seededRandom(99);
  for (const name of ["a", "b"] as const) {
    const part = name === "a" ? a : b;
    for (const length of [0, 10, part.byteLength >> 1, part.byteLength - 1]) {
      restore({ [name]: part.slice(0, length) });
      const { notices, blocks } = await run(scene.job("run", { resume: true }));
      assertStringIncludes(notices.join("\n"), "are computed again");
      assert(blocks.resumed < blocksDone);
      await scene.assertSame("run");
    }
    for (let round = 0; round < 3; round++) {
      const bad = part.slice();
      bad[16 + Math.floor(random() * (bad.byteLength - 16))]! ^= 1 << Math.floor(random() * 8);
      restore({ [name]: bad });
      const { notices, blocks } = await run(scene.job("run", { resume: true }));
      assertStringIncludes(notices.join("\n"), "1 block(s) of the earlier run");
      assertEquals(blocks.resumed, blocksDone - 1);
      await scene.assertSame("run");
    }
  }
});

Deno.test("what was computed again because its tiles had changed is what a third run goes on from", async () => {
  using scene = await resumeScene();
  const { a, restore, blocksDone } = await failTwice(scene);
  const bad = a.slice();
  bad[bad.byteLength - 3]! ^= 4;
  restore({ a: bad });
  await scene.fail(20, scene.job("run", { resume: true }));
  const { blocks, notices } = await run(scene.job("run", { resume: true }));
  assert(blocks.resumed > blocksDone, `${blocks.resumed}`);
  assert(!notices.join("\n").includes("computed again"));
  await scene.assertSame("run");
});

Deno.test("a part file that is gone, and a journal that is none, are refused by name", async () => {
  using scene = await resumeScene();
  const { restore } = await failTwice(scene);
  restore();
  Deno.removeSync(scene.file("run_b.tif.part"));
  const gone = await run(scene.job("run", { resume: true })).then(() => undefined, (thrown) => thrown);
  assert(gone instanceof RasterError);
  for (const words of ["run_b.tif.part' is not there", "--restart"]) {
    assertStringIncludes(gone.message, words);
  }
  restore({ journal: new TextEncoder().encode("dear diary") });
  assertEquals(await resumeOrRefuse(scene, "a diary"), "refused");
  assertEquals(Deno.readTextFileSync(scene.file("run_a.tif.journal")), "dear diary");
});

Deno.test("a part file that somebody removes leaves nothing to resume, and no error advises it", async () => {
  using scene = await resumeScene();
  const part = scene.file("run_a.tif.part");
  Deno.writeTextFileSync(scene.file("function.ts"), removingFunction(part));
  const error = await assertRejects(() => run(scene.job("run")), WorkerError, "told to fail");
  assertStringIncludes(error.message, `are lost with '${part}'`);
  const errors = [error, await assertRejects(() => run(scene.job("run")), ConfigError, "which is gone")];
  for (const { message } of errors) {
    assertStringIncludes(message, "--restart (restart: true)");
    assert(!message.includes("--resume"), message);
  }
});

/** Removes the file when some blocks are done, and throws. */
function removingFunction(file: string): string {
  return `
export default (info: any, { img }: any, outputs: any) => {
  outputs.a = img;
  outputs.b = Float32Array.from(img.band(1));
  if (info.getBlockCount()[1] < 1) return;
  Deno.removeSync(${JSON.stringify(file)});
  throw new Error("told to fail");
};
`;
}
