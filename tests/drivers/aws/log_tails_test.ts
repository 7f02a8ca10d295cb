import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { AwsSend } from "../../../drivers/aws/api.ts";
import { type LoggedEnd, type LogPlace, LogTails, type LogTimes } from "../../../drivers/aws/log_tails.ts";

const PLACE: LogPlace = { group: "g", stream: "s" };
const QUICK: LogTimes = { mostMs: 5000, workedMs: 5000, againMs: 1 };

interface LogInput {
  readonly logStreamName: string;
  readonly nextToken?: string;
}

/** Logs whose every call is answered by a function, from 0 on. */
class FakeLogs implements AsyncDisposable {
  readonly inputs: LogInput[] = [];
  readonly notices: string[] = [];
  readonly regions: (string | undefined)[] = [];
  readonly tails: LogTails;
  destroyed = 0;

  constructor(
    answer: (call: number, input: LogInput, signal: AbortSignal) => unknown,
    times: LogTimes = QUICK,
  ) {
    this.tails = new LogTails({
      send: (region) => {
        this.regions.push(region);
        return {
          send: async (_action, input, { signal }) =>
            await answer(this.inputs.push(input as LogInput) - 1, input as LogInput, signal) as never,
          region: () => Promise.resolve(""),
          destroy: () => this.destroyed++,
        } satisfies AwsSend;
      },
      times,
      secrets: [],
      notice: (line) => this.notices.push(line),
    });
  }

  tail(log: LogPlace = PLACE, end: Partial<LoggedEnd> = {}): Promise<string | undefined> {
    const whole: LoggedEnd = { cause: "exit", exitCode: 1, hasConnected: false, log, ...end };
    return new Promise((resolve) => this.tails.tell(whole, resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tails.close();
  }
}

const said = (...messages: string[]) => ({ events: messages.map((message) => ({ message })) });

function thrown(name: string, message = name): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: 400 } });
}

Deno.test("a log's end is asked for once more, since its last lines come last, and then told", async () => {
  const whole = said("starting", "Error: boom");
  await using logs = new FakeLogs((call) => call === 0 ? said("starting") : whole);
  assertEquals(await logs.tail({ ...PLACE, region: "eu-west-1" }), "starting\nError: boom");
  const input = { logGroupName: "g", logStreamName: "s", limit: 50 };
  assertEquals(logs.inputs, [input, input, input] as LogInput[]);
  assertEquals(logs.regions, ["eu-west-1"]);
});

Deno.test("without a log nothing is loaded or called, and it is told at once", async () => {
  await using logs = new FakeLogs(() => said("no"));
  let told = 0;
  logs.tails.tell({ cause: "exit", exitCode: 1, hasConnected: false }, () => told++);
  assertEquals([told, logs.regions.length], [1, 0]);
});

Deno.test("a page that is empty leads to the one before it", async () => {
  const pages = new Map<string | undefined, object>([
    [undefined, { events: [], nextBackwardToken: "b/2" }],
    ["b/2", { events: [], nextBackwardToken: "b/1" }],
    ["b/1", { ...said("there"), nextBackwardToken: "b/0" }],
  ]);
  await using logs = new FakeLogs((_call, { nextToken }) => pages.get(nextToken));
  assertEquals(await logs.tail(), "there");
  assertEquals(logs.inputs.slice(0, 3).map(({ nextToken }) => nextToken), [undefined, "b/2", "b/1"]);
});

Deno.test("an empty log whose token stays the same is at its beginning", async () => {
  await using logs = new FakeLogs((call) => call < 2 ? { events: [], nextBackwardToken: "b/0" } : said("x"));
  assertEquals(await logs.tail(), "x");
  assertEquals(logs.inputs.slice(0, 3).map(({ nextToken }) => nextToken), [undefined, "b/0", undefined]);
});

for (const name of ["ResourceNotFoundException", "ThrottlingException", "ServiceUnavailableException"]) {
  Deno.test(`${name} may pass: the log is looked for again, and not complained of`, async () => {
    const error = name.startsWith("Service")
      ? Object.assign(thrown(name), { $metadata: { httpStatusCode: 503 } })
      : thrown(name);
    await using logs = new FakeLogs((call) => {
      if (call < 3) throw error;
      return said("there");
    });
    assertEquals([await logs.tail(), logs.notices], ["there", []]);
  });
}

Deno.test("a log that never comes is waited for as long as was said, and no longer", async () => {
  await using logs = new FakeLogs(() => {
    throw thrown("ResourceNotFoundException");
  }, { mostMs: 50, workedMs: 50, againMs: 10 });
  assertEquals(await logs.tail(), undefined);
  assert(logs.inputs.length >= 2 && logs.inputs.length <= 5, String(logs.inputs.length));
});

Deno.test("a call without an answer is given up when the time is over, and what was seen before is told", async () => {
  const signals: AbortSignal[] = [];
  await using logs = new FakeLogs((call, _input, signal) => {
    signals.push(signal);
    return call === 0 ? said("seen") : new Promise(() => {});
  }, { mostMs: 50, workedMs: 50, againMs: 1 });
  assertEquals(await logs.tail(), "seen");
  assertEquals(signals.map(({ aborted }) => aborted), [true, true]);
});

Deno.test("who may not read logs is told so once, and none is asked for again", async () => {
  await using logs = new FakeLogs(() => {
    throw thrown(
      "AccessDeniedException",
      "User: u is not authorized to perform: logs:GetLogEvents on resource: arn:aws:logs:us-east-1:1:log-group:g because x",
    );
  });
  assertEquals(await Promise.all([logs.tail(), logs.tail(), logs.tail()]), [undefined, undefined, undefined]);
  assertEquals(await logs.tail(), undefined);
  assert(logs.inputs.length <= 3, "at most those that were under way");
  assertEquals(logs.notices.length, 1);
  assertStringIncludes(
    logs.notices[0]!,
    "AWS denies 'logs:GetLogEvents' on the resource 'arn:aws:logs:us-east-1:1:log-group:g': have it allowed",
  );
});

Deno.test("of many logs four are looked at at once, in the order of their ends, and each is told", async () => {
  let now = 0;
  let most = 0;
  await using logs = new FakeLogs(async (_call, { logStreamName }) => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 2));
    now--;
    return said(logStreamName);
  });
  const streams = Array.from({ length: 20 }, (_, n) => `s${n}`);
  assertEquals(await Promise.all(streams.map((stream) => logs.tail({ group: "g", stream }))), streams);
  assertEquals(most, 4);
  assertEquals([...new Set(logs.inputs.map(({ logStreamName }) => logStreamName))], streams);
  await logs.tails.close();
  assertEquals([logs.regions.length, logs.destroyed], [1, 1], "one client for all");
});

Deno.test("a run that is over waits for no log: everything is told at once", async () => {
  await using logs = new FakeLogs(() => new Promise(() => {}), {
    mostMs: 60_000,
    workedMs: 60_000,
    againMs: 1,
  });
  const tails = Array.from({ length: 6 }, () => logs.tail());
  await logs.tails.close();
  assertEquals(new Set(await Promise.all(tails)), new Set([undefined]));
  assertEquals(await logs.tail(), undefined);
  assertEquals(logs.inputs.length, 4);
});

/** Ends, and whether the log has something to explain. */
const ENDS: readonly (readonly [end: Partial<LoggedEnd>, isTrouble: boolean])[] = [
  [{ cause: "exit", exitCode: 0, hasConnected: true }, false],
  [{ cause: "exit", exitCode: 0, hasConnected: false }, true],
  [{ cause: "exit", exitCode: 1, hasConnected: true }, true],
  [{ cause: "killed", exitCode: 137, hasConnected: true }, true],
  [{ cause: "unknown", hasConnected: true }, true],
  ...(["preempted", "node", "cancelled", "walltime"] as const).map((cause) =>
    [{ cause, exitCode: 137, hasConnected: false }, false] as const
  ),
];

for (const [end, isTrouble] of ENDS) {
  Deno.test(`an end like ${JSON.stringify(end)} ${isTrouble ? "needs" : "needs no"} log`, async () => {
    await using logs = new FakeLogs(() => said("a log"));
    assertEquals(await logs.tail(PLACE, end), isTrouble ? "a log" : undefined);
    assertEquals(logs.inputs.length > 0, isTrouble);
  });
}

Deno.test("the log of a worker that had work is not waited for as long: another is to come in its place", async () => {
  await using logs = new FakeLogs(() => {
    throw thrown("ResourceNotFoundException");
  }, { mostMs: 60_000, workedMs: 30, againMs: 1 });
  assertEquals(await logs.tail(PLACE, { hasConnected: true }), undefined);
});
