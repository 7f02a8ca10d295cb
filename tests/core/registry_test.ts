import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import type { Driver } from "../../core/driver.ts";
import { ConfigError, UnavailableError } from "../../core/errors.ts";
import {
  findDriver,
  getComputeWorkerManager,
  getDriver,
  listKinds,
  loadDriverModule,
  registerDriver,
} from "../../core/registry.ts";
import { tempFolder } from "../gdal.ts";

const SEVEN = ["CW_NONE", "CW_THREADS", "CW_SUBPROC", "CW_PBS", "CW_SLURM", "CW_ECS", "CW_AWSBATCH"];
const BUILT_IN = [...SEVEN, "CW_SGE"];

function driverOf(kind: string, more: Partial<Driver> = {}): Driver {
  return {
    kind,
    computeWorkersReadDefault: true,
    inProcess: true,
    supportsSingleBlock: false,
    canInterrupt: true,
    available: () => Promise.resolve({ available: true }),
    start: () => Promise.reject(new Error("not started by these tests")),
    ...more,
  };
}

Deno.test("all seven kinds of RIOS and ours are listed, and why those that can't run here can't", async () => {
  const kinds = await listKinds();
  const built = kinds.filter((status) => status.built).map(({ kind }) => kind);
  assertEquals(BUILT_IN.filter((kind) => !built.includes(kind)), []);
  for (const { available, reason } of kinds) assert(available || reason !== undefined);
});

Deno.test("every kind is found, and a manager made of it", async () => {
  for (const kind of BUILT_IN) assertEquals((await findDriver(kind)).kind, kind);
  for (const kind of ["CW_NONE", "CW_THREADS"]) {
    assertEquals((await getDriver(kind)).kind, kind);
    assertEquals((await getComputeWorkerManager(kind)).computeWorkerKind, kind);
  }
});

Deno.test("a kind that there is not is refused by name", async () => {
  for (const kind of ["CW_CLOUD", "cw_threads", "", "constructor"]) {
    await assertRejects(() => getDriver(kind), ConfigError, `There is no kind '${kind}'`);
  }
});

Deno.test("a kind that comes near one, also without CW_, is asked about", async () => {
  const meant = {
    threads: "CW_THREADS",
    CW_THREAD: "CW_THREADS",
    slum: "CW_SLURM",
    "cw_subproc": "CW_SUBPROC",
  };
  for (const [given, kind] of Object.entries(meant)) {
    const asked = `There is no kind '${given}': did you mean ${kind}? The kinds are CW_NONE, `;
    await assertRejects(() => getDriver(given), ConfigError, asked);
  }
  await assertRejects(() => getDriver("CW_MAINFRAME"), ConfigError, "'CW_MAINFRAME'. The kinds are");
});

Deno.test("a registered driver is found and listed, and may be registered again", async () => {
  const driver = driverOf("CW_REGISTERED");
  registerDriver(driver);
  registerDriver(driver);
  assertStrictEquals(await getDriver("CW_REGISTERED"), driver);
  const listed = (await listKinds()).find(({ kind }) => kind === "CW_REGISTERED");
  assertEquals(listed, { kind: "CW_REGISTERED", built: true, available: true });
});

Deno.test("a driver that can't run here is found, with its reason, but not to be had", async () => {
  const reason = "there is no qsub on PATH";
  registerDriver(driverOf("CW_ABSENT", { available: () => Promise.resolve({ available: false, reason }) }));
  assertEquals((await findDriver("CW_ABSENT")).kind, "CW_ABSENT");
  await assertRejects(() => getDriver("CW_ABSENT"), UnavailableError, `CW_ABSENT can't run here: ${reason}`);
  const listed = (await listKinds()).find(({ kind }) => kind === "CW_ABSENT");
  assertEquals(listed, { kind: "CW_ABSENT", built: true, available: false, reason });
});

Deno.test("a driver can't take another's name", () => {
  registerDriver(driverOf("CW_TAKEN"));
  for (const kind of ["CW_THREADS", "CW_TAKEN"]) {
    assertThrows(
      () => registerDriver(driverOf(kind)),
      ConfigError,
      `Cannot register a driver for ${kind}: there is one`,
    );
  }
});

Deno.test("what is no driver is refused, with what is missing", () => {
  const wrong: [unknown, string][] = [
    [undefined, "kind, available(), start() is missing"],
    [null, "kind, available(), start() is missing"],
    [{ kind: "CW_X" }, "available(), start() is missing"],
    [{ ...driverOf("CW_X"), start: 5 }, "start() is missing"],
    [driverOf("threads"), "a kind's name is CW_ and capitals"],
    [driverOf("CW_lower"), "a kind's name is CW_ and capitals"],
  ];
  for (const [value, message] of wrong) {
    assertThrows(() => registerDriver(value as Driver), ConfigError, message);
  }
});

Deno.test("a module gives its driver as `driver` or as its default, from a path with odd letters, too", async () => {
  using folder = tempFolder();
  const text = (kind: string) =>
    `{ kind: "${kind}", computeWorkersReadDefault: true, inProcess: true, supportsSingleBlock: false,
       canInterrupt: true, available: async () => ({ available: true }), start() {} }`;
  const named = folder.file("my #1 driver.ts");
  await Deno.writeTextFile(named, `export const driver = ${text("CW_NAMED")};`);
  const byDefault = folder.file("default%20.js");
  await Deno.writeTextFile(byDefault, `export default ${text("CW_DEFAULT")};`);
  assertEquals((await loadDriverModule(named)).kind, "CW_NAMED");
  assertEquals((await loadDriverModule(byDefault)).kind, "CW_DEFAULT");
  assertEquals((await getDriver("CW_NAMED")).kind, "CW_NAMED");
});

Deno.test("a module that is missing, broken or without a driver is refused by its name", async () => {
  using folder = tempFolder();
  const cases: [string, string | undefined, string][] = [
    ["missing.ts", undefined, "Cannot load the driver"],
    ["broken.ts", "export const driver = ;", "Cannot load the driver"],
    ["throws.ts", "throw new Error('no licence');", "no licence"],
    ["empty.ts", "export const x = 1;", "gives no driver"],
    ["lower.ts", "export const driver = { kind: 'x', available() {}, start() {} };", "a kind's name is CW_"],
  ];
  for (const [name, text, message] of cases) {
    const path = folder.file(name);
    if (text !== undefined) await Deno.writeTextFile(path, text);
    const error = await assertRejects(() => loadDriverModule(path), ConfigError, message);
    assert(error.message.includes(`'${path}'`), error.message);
  }
});
