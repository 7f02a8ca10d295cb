import { assert, assertEquals, assertObjectMatch, assertThrows } from "@std/assert";
import { checkConcurrency } from "../../core/checked_concurrency.ts";
import { type ConcurrencyStyle, TIMEOUT_NAMES } from "../../core/concurrency_style.ts";
import type { Driver } from "../../core/driver.ts";
import { ConfigError } from "../../core/errors.ts";
import { CW_AWSBATCH, CW_NONE, CW_SLURM, CW_SUBPROC, CW_THREADS } from "../../core/kinds.ts";

/** A driver as far as the checks look at it. */
function driverOf(kind: string, traits: Partial<Driver> = {}): Driver {
  return {
    kind,
    computeWorkersReadDefault: true,
    inProcess: kind === CW_NONE || kind === CW_THREADS,
    supportsSingleBlock: kind === CW_SLURM,
    canInterrupt: kind !== CW_NONE,
    available: () => Promise.resolve({ available: true }),
    start: () => Promise.reject(new Error("not started by a check")),
    ...traits,
  };
}
const check = (style: ConcurrencyStyle, kind = style.computeWorkerKind ?? CW_NONE) =>
  checkConcurrency(style, driverOf(kind));

Deno.test("nothing given means the main thread, no timeouts, and RIOS's other defaults", () => {
  assertObjectMatch(check({}), {
    kind: CW_NONE,
    workers: 1,
    readWorkers: 0,
    computeWorkersRead: true,
    singleBlock: false,
    haveSharedTemp: true,
    extraParams: {},
    timeouts: {},
    maxBlockErrors: 0,
    maxBlockLosses: 2,
    maxWorkerLosses: 3,
    copies: true,
    warnings: [],
  });
});

Deno.test("the limit of worker losses is the larger of 3 and twice the workers", () => {
  const losses = (numComputeWorkers: number) =>
    check({ computeWorkerKind: CW_THREADS, numComputeWorkers }).maxWorkerLosses;
  assertEquals([losses(1), losses(2), losses(8)], [3, 4, 16]);
});

Deno.test("whether workers read is the driver's default unless it is said", () => {
  const lazy = driverOf(CW_THREADS, { computeWorkersReadDefault: false });
  const style = { numComputeWorkers: 2, numReadWorkers: 1 };
  assertEquals(checkConcurrency(style, lazy).computeWorkersRead, false);
  assertEquals(checkConcurrency({ ...style, computeWorkersRead: true }, lazy).computeWorkersRead, true);
  assertEquals(checkConcurrency({ ...style, computeWorkersRead: null }, lazy).computeWorkersRead, false);
});

Deno.test("a timeout that is null, RIOS's None, is none", () => {
  const style = { computeWorkerKind: CW_THREADS, numComputeWorkers: 1 };
  const none = Object.fromEntries(TIMEOUT_NAMES.map((name) => [name, null]));
  assertEquals(check({ ...style, ...none }).timeouts, {});
  assertEquals(check({ ...style, ...none, queueTimeout: 5 }).timeouts, { queueTimeout: 5 });
});

const threads = { computeWorkerKind: CW_THREADS };
const single = { singleBlockComputeWorkers: true };
const REFUSED: [string, ConcurrencyStyle, string][] = [
  ["single-block workers with a number of workers", {
    computeWorkerKind: CW_SLURM,
    ...single,
    numComputeWorkers: 2,
  }, "leave numComputeWorkers (2) out"],
  [
    "single-block workers with read workers",
    { computeWorkerKind: CW_SLURM, ...single, numReadWorkers: 2 },
    "leave numReadWorkers (2) out",
  ],
  ["single-block workers with CW_THREADS", { ...threads, ...single }, "can't be used with CW_THREADS"],
  [
    "single-block workers with CW_AWSBATCH",
    { computeWorkerKind: CW_AWSBATCH, ...single },
    "can't be used with CW_AWSBATCH",
  ],
  ["single-block workers with CW_NONE", single, "can't be used with CW_NONE"],
  [
    "workers with CW_NONE",
    { numComputeWorkers: 4 },
    "CW_NONE has no compute workers but numComputeWorkers is 4",
  ],
  ["a kind without workers", threads, "CW_THREADS needs numComputeWorkers of at least 1"],
  ["workers that don't read without read workers", {
    ...threads,
    numComputeWorkers: 2,
    computeWorkersRead: false,
  }, "need numReadWorkers of at least 1"],
  [
    "a negative number of workers",
    { ...threads, numComputeWorkers: -1 },
    "numComputeWorkers must be a whole number",
  ],
  ["a fraction of a worker", { ...threads, numComputeWorkers: 1.5 }, "not 1.5"],
  ["NaN workers", { ...threads, numComputeWorkers: NaN }, "not NaN"],
  [
    "a fraction of a read worker",
    { ...threads, numComputeWorkers: 1, numReadWorkers: 0.5 },
    "numReadWorkers",
  ],
  ["negative limits of errors", { maxBlockErrors: -1 }, "maxBlockErrors"],
  ["negative limits of losses", { maxBlockLosses: -1 }, "maxBlockLosses"],
  ["unbounded losses of workers", { maxWorkerLosses: Infinity }, "maxWorkerLosses"],
  [
    "another kind's own parameters",
    { ...threads, numComputeWorkers: 1, computeWorkerExtraParams: { walltime: "1:00:00" } },
    "CW_THREADS has no parameters of its own but was given computeWorkerExtraParams.walltime",
  ],
  [
    "blockTimeout where a function can't be ended",
    { blockTimeout: 5 },
    "blockTimeout can't be kept with CW_NONE",
  ],
];
// deno-lint-ignore no-explicit-any -- wrong types are what it is about
const WRONG_TYPES: [any, string][] = [
  [{ computeWorkersRead: "no" }, 'computeWorkersRead must be true or false, not "no"'],
  [{ copies: 0 }, "copies must be true or false, not 0"],
  [{ haveSharedTemp: null }, "haveSharedTemp must be true or false, not null"],
  [{ singleBlockComputeWorkers: "yes" }, "singleBlockComputeWorkers must be true or false"],
  [{ workerPermissions: 5 }, "workerPermissions must be a list of Deno's permission flags"],
  [{ workerPermissions: "--allow-all" }, "workerPermissions must be a list of Deno's permission flags"],
  [{ computeWorkerExtraParams: [] }, "computeWorkerExtraParams must be an object, not []"],
  [{ channel: "eth0" }, "channel must be an object"],
  [{ channel: { tls: "no" } }, "tls must be true or false"],
  [{ channel: { interface: "lo" } }, "channel has no 'interface'"],
  [{ channel: { advertise: "host" } }, "advertise must be a list"],
  [{ channel: { networkInterface: 7 } }, "networkInterface must be a text, not 7"],
];
for (const [style, message] of WRONG_TYPES) {
  Deno.test(`${Deno.inspect(style, { compact: true })} is refused by name`, () => {
    assertThrows(() => check(style), ConfigError, message);
  });
}

Deno.test("an interface that is not there is refused for every kind, and one without use is said to be so", () => {
  const numComputeWorkers = 1;
  const channel = (networkInterface: string) => ({ channel: { networkInterface } });
  for (const kind of [CW_THREADS, CW_SUBPROC, CW_SLURM]) {
    const style = { computeWorkerKind: kind, numComputeWorkers };
    assertThrows(
      () => check({ ...style, ...channel("none0") }),
      ConfigError,
      `no network interface 'none0'`,
    );
    const { warnings } = check({ ...style, ...channel("127.0.0.1") });
    assertEquals(
      warnings,
      kind === CW_THREADS
        ? ["No effect with CW_THREADS, whose workers are in this process: networkInterface"]
        : [],
    );
  }
});

for (const [what, style, message] of REFUSED) {
  Deno.test(`${what}: refused`, () => {
    assertThrows(() => check(style), ConfigError, message);
  });
}

Deno.test("single-block workers are as many as there are blocks", () => {
  const { workers, singleBlock } = check({ computeWorkerKind: CW_SLURM, ...single });
  assertEquals([workers, singleBlock], [Infinity, true]);
});

Deno.test("CW_NONE reads for itself unless there are read workers", () => {
  assertEquals(check({ computeWorkersRead: false }).computeWorkersRead, true);
  assertEquals(check({ computeWorkersRead: false, numReadWorkers: 2 }).computeWorkersRead, false);
});

Deno.test("more threads than cores are a warning, and no more", () => {
  const driver = driverOf(CW_THREADS, { workersLimit: { workers: 2, reason: "this machine's 2 core(s)" } });
  assertEquals(checkConcurrency({ numComputeWorkers: 2 }, driver).warnings, []);
  const { warnings, workers } = checkConcurrency({ numComputeWorkers: 9 }, driver);
  assertEquals(workers, 9);
  assert(warnings[0]!.includes("9 CW_THREADS workers are more than this machine's 2 core(s)"));
});

for (const name of TIMEOUT_NAMES) {
  Deno.test(`${name} is none unless it is set, and then more than 0 seconds`, () => {
    const style = { ...threads, numComputeWorkers: 1 };
    assertEquals(check({ ...style, [name]: 0.5 }).timeouts, { [name]: 0.5 });
    assertEquals(check({ ...style, [name]: Infinity }).timeouts, {});
    for (const value of [0, -1, NaN]) {
      assertThrows(
        () => check({ ...style, [name]: value }),
        ConfigError,
        `${name} must be more than 0 seconds`,
      );
    }
  });
}

Deno.test("what only processes can have is said to be of no use on kinds whose workers are in this process", () => {
  const style: ConcurrencyStyle = {
    threadsPerWorker: 2,
    haveSharedTemp: false,
    workerPermissions: ["--allow-read=/data"],
    channel: { tls: false, reconnectGrace: 5, ports: { lowest: 4000, highest: 4010 } },
  };
  for (const kind of [CW_NONE, CW_THREADS]) {
    const [confined, unused, ...more] =
      check({ ...style, ...kind === CW_NONE ? {} : { numComputeWorkers: 1 } }, kind).warnings;
    assert(confined!.startsWith(`workerPermissions confines nothing on ${kind}`), confined);
    assert(confined!.includes("choose CW_SUBPROC"), confined);
    assertEquals(
      unused,
      `No effect with ${kind}, whose workers are in this process: ports (--port-range), tls: false (--insecure-channel), ` +
        "reconnectGrace, threadsPerWorker, haveSharedTemp",
    );
    assertEquals(more, []);
  }
  assertEquals(check({ ...style, numComputeWorkers: 1 }, CW_SUBPROC).warnings, []);
});
