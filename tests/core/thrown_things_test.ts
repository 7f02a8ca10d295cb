import { assert, assertEquals, assertRejects } from "@std/assert";
import { BlockfleetError, messageOf, WorkerError } from "../../core/errors.ts";
import { withKeptNote } from "../../core/kept_note.ts";
import { CW_NONE, CW_SUBPROC, CW_THREADS } from "../../core/kinds.ts";
import { mapBlocks } from "../../core/map_blocks.ts";
import { blockFailure } from "../../core/remote_failure.ts";
import { cutFacts, thrownFacts } from "../../core/thrown_facts.ts";
import { errorDetails, errorLine } from "../../cli/exit_status.ts";
import { THROWN } from "./throwing_function.ts";

const CONTEXT = { worker: 0, host: Deno.hostname(), block: "block 0" };

async function failureOf(kind: string, block: string): Promise<WorkerError> {
  const blocks = mapBlocks({
    userFunction: new URL("./throwing_function.ts", import.meta.url),
    blocks: [block],
    concurrency: { computeWorkerKind: kind, numComputeWorkers: kind === CW_NONE ? 0 : 1 },
    onNotice: () => {},
  });
  return await assertRejects(() => blocks.next(), WorkerError);
}

for (const kind of [CW_NONE, CW_THREADS, CW_SUBPROC]) {
  Deno.test(`${kind}: whatever a user function throws is an error of its block, at a length that a person reads`, async () => {
    for (const what of Object.keys(THROWN)) {
      const error = await failureOf(kind, what);
      assert(error.message.startsWith("The user function failed in block 0 on worker 0: "), error.message);
      assert(error.message.length < 3500, `${what}: ${error.message.length} characters`);
      assertEquals(error.context.inUserFunction, true);
      assert(errorDetails(error).length < 40_000, what);
    }
  });
}

Deno.test("the message of what can't be asked says so, and the place of a long message's error is kept", () => {
  const told = (what: string) =>
    blockFailure({ ...thrownFacts(THROWN[what]!()), phase: "compute" }, CONTEXT).message;
  const start = "The user function failed in block 0 on worker 0: ";
  assertEquals(told("a revoked proxy"), `${start}Error: an object that can't be shown as text`);
  const evil = told("an error whose message, name, stack and cause throw");
  assertEquals(evil, `${start}(its name can't be read): (its message can't be read)`);
  const long = told("an error with a message of 100 MB");
  assert(long.includes("long long long"), long.slice(0, 200));
  assert(/\(9999\d{4} more characters\) at .*throwing_function\.ts:\d+:\d+$/.test(long), long.slice(-200));
  assertEquals(told("an error of blanks"), `${start}Error: x at ${placeOf(THROWN["an error of blanks"]!())}`);
});

for (
  const what of [
    "an error with thirty causes",
    "an error whose cause is a text",
    "an error of thirty errors",
    "a frozen error",
    "a text",
    "a rejection with a text",
    "not a number",
  ]
) {
  Deno.test(`what nobody caught in a thread is shown at a length that a person reads: ${what}`, async () => {
    const program = new URL("./uncaught_program.ts", import.meta.url).href;
    const args = ["run", "-A", program, what];
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
    const [told, shown] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assert(told!.includes("Uncaught"), told!.slice(0, 500));
    assert(told!.length < 5000, `${told!.length} characters are told`);
    assert(shown!.length < 200_000, `${shown!.length} are shown`);
    if (what === "not a number") assert(shown!.includes("NaN"), shown!);
    else assert(/long long long.*\(99\d{4} more characters\)/.test(shown!), shown!.slice(0, 3000));
    if (what.includes("cause")) assert(shown!.includes("Caused by"));
  });
}

function placeOf(error: unknown): string {
  return /\(?file:\/\/(\S+:\d+:\d+)\)?/.exec((error as Error).stack!)![1]!;
}

Deno.test("texts of blanks, dashes and line feeds take no time that grows with the square of their length", () => {
  // Half a million of them would take minutes otherwise.
  const length = 500_000;
  for (const text of [" ".repeat(length), "\n".repeat(length), " \n".repeat(length), "--a".repeat(length)]) {
    const error = new BlockfleetError(`a${text}b`);
    error.stack = `at ${text}file:${text}`;
    assert(messageOf(error).length < 5000);
    assert(errorLine(error, [{ name: "restart", apiName: "restart", help: "" }]).length < 11_000);
    assert(errorDetails(error).length < 20_000);
    const failure = blockFailure({
      name: text,
      message: text,
      stack: `at ${text}\n at file:${text}:1:2`,
      phase: "compute",
    }, CONTEXT);
    assert(failure.message.length > 0);
  }
});

Deno.test("a long message is taken out of its stack, and one that almost stands there takes no longer", () => {
  const half = "a".repeat(2_000_000);
  const almost = { name: "Error", message: `${half}b${half}`, stack: half.repeat(6) };
  assertEquals(cutFacts(almost).stack.length, 16_000 + "... (11984000 more characters)".length);
  const { message } = almost;
  const { stack } = cutFacts({ ...almost, stack: `TypeError: ${message}\n    at here.ts:1:2` });
  assertEquals(stack, `TypeError: ${"a".repeat(2000)}... (3998001 more characters)\n    at here.ts:1:2`);
});

Deno.test("what the program shows of an error that is not ours is short, and is shown whatever its properties do", () => {
  for (const [what, make] of Object.entries(THROWN)) {
    const thrown = make();
    const error = new BlockfleetError("Cannot load it", { cause: thrown });
    assertEquals(errorLine(error, []), "Cannot load it");
    assert(errorDetails(error).length < 250_000, what);
    assert(errorLine(thrown, []).length < 11_000, what);
    assert(errorDetails(thrown).length < 250_000, what);
  }
  const several = new AggregateError(Array.from({ length: 1000 }, () => new Error("one")), "all failed");
  assert(errorDetails(several).split("One of them").length === 21);
});

Deno.test("what is kept is told with an error that takes no other message, too", () => {
  const frozen = Object.freeze(new Error("no. "));
  const noted = withKeptNote(frozen, "Kept: half of it") as BlockfleetError;
  assert(noted instanceof BlockfleetError, String(noted));
  assertEquals(noted.message, "no. Kept: half of it");
  assertEquals(noted.cause, frozen);
  const plain = new TypeError("no");
  assertEquals(withKeptNote(plain, "Kept"), plain);
  assertEquals(plain.message, "no. Kept");
  const proxied = withKeptNote(THROWN["a revoked proxy"]!(), "Kept");
  assertEquals(messageOf(proxied), "an object that can't be shown as text. Kept");
});

Deno.test("what would turn the direction of a text is no part of a message", () => {
  const turning = [0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069];
  for (const code of turning) {
    assertEquals(messageOf(new Error(`a${String.fromCharCode(code)}b`)), "a b", code.toString(16));
  }
  // Letters that are written from right to left stay.
  assertEquals(messageOf(new Error("\u05d0\u0628")), "\u05d0\u0628");
});
