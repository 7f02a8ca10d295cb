import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { main } from "../../cli/main.ts";
import { GeoTiffReader } from "../../raster/geotiff/geotiff_reader.ts";
import { fakeConsole } from "./fake_console.ts";

const MAIN = fromFileUrl(new URL("../../cli/main.ts", import.meta.url));
const EXAMPLES = fromFileUrl(new URL("../../examples/", import.meta.url));
const NDVI = join(EXAMPLES, "ndvi.ts");

async function run(...args: string[]) {
  const console = fakeConsole();
  const status = await main(args, console);
  return { status, out: console.outLines, err: console.errLines };
}

function spawn(args: string[], wrapper: string[] = []): Deno.ChildProcess {
  const command = [...wrapper, Deno.execPath(), "run", "-A", MAIN, ...args];
  return new Deno.Command(command[0]!, {
    args: command.slice(1),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function ended(child: Deno.ChildProcess) {
  const { code, stdout, stderr } = await child.output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

/** A folder with a small scene in it, for all tests of this file. */
const shared: { folder: string; scene: string } = { folder: "", scene: "" };

Deno.test.beforeAll(async () => {
  shared.folder = await Deno.makeTempDir();
  shared.scene = join(shared.folder, "scene.tif");
  const { status, err } = await run("demo", "--dir", shared.folder, "--size", "300", "-q");
  assertEquals([status, err], [0, []]);
});

Deno.test.afterAll(() => Deno.remove(shared.folder, { recursive: true }));

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ dir: shared.folder });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the demo makes a scene and its NDVI, says where they are, and can be run again", async () => {
  await inFolder(async (folder) => {
    for (let time = 0; time < 2; time++) {
      const { code, out, err } = await ended(spawn(["demo", "--dir", folder, "--size", "300"]));
      assertEquals(code, 0, err);
      assertStringIncludes(out, `${join(folder, "scene.tif")}: 300 x 300, 4 bands of uint16, `);
      assertStringIncludes(out, `${join(folder, "ndvi.tif")}: 300 x 300, 1 band of float32, `);
      assertMatch(out, /Mpx\/s/);
      assertMatch(err, /^100% /m);
      assertEquals(filesIn(folder), ["ndvi.tif", "scene.tif"]);
    }
  });
});

Deno.test("a demo that was ended in its middle can be run again", async () => {
  await inFolder(async (folder) => {
    const child = spawn(["demo", "--dir", folder, "--size", "6000", "--workers", "1"]);
    const deadline = performance.now() + 30_000;
    while (!filesIn(folder).includes("scene.tif.journal")) {
      if (performance.now() > deadline) throw new Error(`nothing begun: ${filesIn(folder)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    child.kill("SIGKILL");
    await ended(child);
    const { status, out } = await run("demo", "--dir", folder, "--size", "64");
    assertEquals([status, filesIn(folder)], [0, ["ndvi.tif", "scene.tif"]], out.join("\n"));
  });
});

Deno.test("a demo whose folder can't be made says why, and what to do", async () => {
  const { status, out, err } = await run("demo", "--dir", shared.scene);
  const words =
    `Cannot make the folder '${shared.scene}' of --dir: there is a file of that name. Name another folder`;
  assertEquals([status, out, err], [2, [], [`blockfleet: ${words}`]]);
});

Deno.test("a quiet demo says nothing", async () => {
  await inFolder(async (folder) => {
    const result = await run("demo", "--dir", folder, "--size", "64", "--quiet");
    assertEquals([result, filesIn(folder)], [{ status: 0, out: [], err: [] }, ["ndvi.tif", "scene.tif"]]);
  });
});

Deno.test("info says what the demo made", async () => {
  const { status, out } = await run("info", shared.scene);
  assertEquals(status, 0);
  const text = out.join("\n");
  assertStringIncludes(text, "300 x 300 pixels");
  assertStringIncludes(text, "4 of uint16 (blue, green, red, nir)");
  assertStringIncludes(text, "WGS 84 / UTM zone 33N (EPSG:32633)");
  assertStringIncludes(text, "x 500000 to 503000, y 5297000 to 5300000");
});

Deno.test("info of several files says all it can, and fails if one can't be read", async () => {
  const missing = join(shared.folder, "missing.tif");
  const { status, out, err } = await run("info", "--json", missing, NDVI, shared.scene);
  assertEquals([status, err.length, out.length], [1, 2, 1]);
  const { ok, files } = JSON.parse(out[0]!);
  assertEquals([ok, files.map((file: { ok: boolean }) => file.ok)], [false, [false, false, true]]);
  assertEquals([files[0].error.name, files[2].crs.epsg, files[2].nodata], ["RasterError", 32633, 0]);
});

Deno.test("apply --json prints one object of the documented shape, and nothing else", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "ndvi.tif");
    const { code, out, err } = await ended(
      spawn([
        "apply",
        NDVI,
        "--in",
        `img=${shared.scene}`,
        "--out",
        `ndvi=${path}`,
        "--nodata",
        "nan",
        "--json",
      ]),
    );
    assertEquals(code, 0, err);
    assertEquals(out.trimEnd().split("\n").length, 1);
    const { outputs, wallSeconds, timings, workers, ...rest } = JSON.parse(out);
    const bytes = (await Deno.stat(path)).size;
    assertEquals(outputs, [
      { name: "ndvi", path, width: 300, height: 300, bands: 1, type: "float32", bytes },
    ]);
    assertEquals(rest, { ok: true, blocks: { total: 4, done: 4, resumed: 0, retried: 0 } });
    assertEquals([workers.kind, workers.lost, wallSeconds > 0], ["CW_THREADS", 0, true]);
    assertEquals(Object.keys(timings.userfunction).sort(), [
      ...["count", "lower", "max", "median", "min", "total", "upper"],
    ]);
    assertEquals(filesIn(folder), ["ndvi.tif"]);
  });
});

Deno.test("a reduction without an output raster counts every pixel once", async () => {
  const { status, out, err } = await run(
    ...[
      "apply",
      join(EXAMPLES, "count_pixels.ts"),
      "--in",
      `img=${shared.scene}`,
      "--args",
      '{"above": 1000}',
    ],
    ...["--json", "--quiet"],
  );
  assertEquals(status, 0, err.join("\n"));
  await using reader = await GeoTiffReader.open(shared.scene);
  const blue = await reader.readWindow({ left: 0, top: 0, ncols: 300, nrows: 300 }, { bands: [1] });
  const valid = (blue as Uint16Array).filter((value) => value > 0);
  assertEquals(JSON.parse(out[0]!).otherArgsList, [
    { above: 1000, valid: valid.length, counted: valid.filter((value) => value > 1000).length },
  ]);
});

Deno.test("other args are shown at the end where the function has changed them", async () => {
  await inFolder(async (folder) => {
    const module = join(folder, "args.ts");
    await Deno.writeTextFile(
      module,
      `export function reads() {}
export function counts(_info, _inputs, _outputs, args) { args.blocks++; }`,
    );
    const lines = async (name: string) => {
      const args = ["apply", `${module}#${name}`, "--in", `img=${shared.scene}`, "--args", '{"blocks":0}'];
      const { status, out, err } = await run(...args, "--kind", "CW_NONE");
      assertEquals(status, 0, err.join("\n"));
      return out.slice(1);
    };
    assertEquals(await lines("reads"), []);
    assertEquals(await lines("counts"), ['otherArgs: {"blocks":4}']);
  });
});

Deno.test("what a user function logs in the main thread stays out of the result", async () => {
  await inFolder(async (folder) => {
    const module = join(folder, "talking.ts");
    await Deno.writeTextFile(module, `export default () => console.log("a word");`);
    const { code, out, err } = await ended(
      spawn(["apply", module, "--in", `img=${shared.scene}`, "--kind", "CW_NONE", "--json", "--quiet"]),
    );
    assertEquals([code, JSON.parse(out).blocks.done, err], [0, 4, "a word\n".repeat(4)]);
  });
});

Deno.test("the summary, the timings and --quiet", async () => {
  await inFolder(async (folder) => {
    const args = ["apply", NDVI, "--in", `img=${shared.scene}`, "--out", `ndvi=${join(folder, "n.tif")}`];
    const loud = await run(...args, "--kind", "CW_NONE", "--timings");
    assertEquals(loud.status, 0);
    assertStringIncludes(loud.out.join("\n"), "n.tif: 300 x 300, 1 band of float32, ");
    assertMatch(loud.err.join("\n"), /^100% [^]*Wall clock elapsed time: /m);
    const quiet = await run(...args, "--kind", "CW_NONE", "--quiet");
    assertEquals(quiet, { status: 0, out: [], err: [] });
  });
});

const ABSENT_DRIVER = `export const driver = {
  kind: "CW_ABSENT",
  available: () => Promise.resolve({ available: false, reason: "no such machine" }),
  start: () => Promise.reject(new Error("never")),
};`;

Deno.test("bad input ends in one line, the right status, and leaves nothing behind", async () => {
  await inFolder(async (folder) => {
    const throwing = join(folder, "throwing.ts");
    await Deno.writeTextFile(throwing, `export default () => { throw new Error("not\\nthis one"); };`);
    await Deno.writeTextFile(join(folder, "text.tif"), "this is not a TIFF");
    const absent = join(folder, "absent.ts");
    await Deno.writeTextFile(absent, ABSENT_DRIVER);
    const before = filesIn(folder);
    const img = `img=${shared.scene}`;
    const out = `ndvi=${join(folder, "n.tif")}`;
    const cases: [number, string[], RegExp][] = [
      [1, [throwing, "--in", img, "--out", out], /not this one/],
      [1, [NDVI, "--in", `img=${join(folder, "no.tif")}`, "--out", out], /no\.tif'/],
      [1, [NDVI, "--in", `img=${join(folder, "text.tif")}`, "--out", out], /text\.tif'/],
      [1, [NDVI, "--in", img, "--out", `ndvi=${join(folder, "no", "n.tif")}`], /folder/],
      [2, [NDVI, "--in", img, "--out", `ndvi=${shared.scene}`], /same file/],
      [2, [NDVI, "--in", img, "--out", out, "--kind", "CW_THRAEDS"], /CW_THRAEDS/],
      [
        3,
        [NDVI, "--in", img, "--out", out, "--workers", "1", "--driver", absent],
        /CW_ABSENT can't run here: no/,
      ],
      [
        2,
        [NDVI, "--in", img, "--out", out, "--param", "walltime=1:00:00"],
        /CW_THREADS has no parameters of its own but was given --param walltime/,
      ],
      [2, [NDVI, "--in", img, "--out", out, "--workers", "0"], /--workers/],
      [2, [NDVI, "--in", img, "--out", out, "--compute-workers-read", "no"], /--read-workers/],
      [2, [NDVI, "--in", img, "--out", out, "--args", "{a:1}"], /column 2/],
      [2, [NDVI, "--in", img, "--out", out, "--co", "COMPRESS=ZIP"], /ZIP/],
      [2, [NDVI + "#nvdi", "--in", img, "--out", out], /nvdi/],
      [2, [join(folder, "none.ts"), "--in", img, "--out", out], /none\.ts/],
      [2, [NDVI, "--in", img, "--out", out, "--driver", join(folder, "none.ts")], /none\.ts/],
    ];
    for (const [status, args, message] of cases) {
      const result = await run("apply", ...args);
      assertEquals(
        [result.status, result.out, filesIn(folder)],
        [status, [], before],
        args.join(" ") + result.err.join("\n"),
      );
      const errors = result.err.filter((line) => line.startsWith("blockfleet: "));
      assertEquals(errors.length, 1);
      assertMatch(errors[0]!, message);
    }
  });
});

const SLOW = `export default async (info, _inputs, outputs) => {
  await new Promise((resolve) => setTimeout(resolve, 150));
  const [cols, rows] = info.getBlockSize();
  outputs.slow = new Uint8Array(cols * rows);
};`;
const ENDLESS = `export default async () => { await new Promise(() => setInterval(() => {}, 1000)); };`;

/** Arguments of a run of a slow function over about a hundred blocks. */
async function slowRun(folder: string, source: string, kind: string): Promise<string[]> {
  const module = join(folder, "slow.ts");
  await Deno.writeTextFile(module, source);
  return [
    ...["apply", module, "--in", `img=${shared.scene}`, "--out", `slow=${join(folder, "slow.tif")}`],
    ...["--window", "32x32", "--window-exact", "--kind", kind],
  ];
}

/** Waits until the run has begun to write. */
async function untilBegun(folder: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!filesIn(folder).includes("slow.tif.part")) {
    if (performance.now() > deadline) throw new Error(`nothing begun: ${filesIn(folder)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await new Promise((resolve) => setTimeout(resolve, 200));
}

const signals: [Deno.Signal, number, string][] = [
  ["SIGINT", 130, "CW_THREADS"],
  ["SIGTERM", 143, "CW_THREADS"],
  ["SIGHUP", 129, "CW_NONE"],
];
for (const [signal, status, kind] of signals) {
  Deno.test({
    name:
      `${signal} ends a run of ${kind} with status ${status}, and leaves nothing but what --resume goes on from`,
    ignore: Deno.build.os === "windows",
    fn: () =>
      inFolder(async (folder) => {
        const child = spawn([...await slowRun(folder, SLOW, kind), "--json"]);
        await untilBegun(folder);
        child.kill(signal);
        const { code, out, err } = await ended(child);
        const { ok, error } = JSON.parse(out);
        assertEquals([code, ok, error.name], [status, false, "InterruptedError"], err);
        assertStringIncludes(err, `blockfleet: Ended by ${signal}`);
        const kept = filesIn(folder).filter((name) => name !== "slow.ts");
        if (kept.length > 0) {
          assertEquals(kept, ["slow.tif.journal", "slow.tif.part"]);
          assertStringIncludes(err, "--resume");
        }
      }),
  });
}

Deno.test({
  name: "a SIGTERM that comes twice, as scancel sends it to a job and to its shell, ends a run in order",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const child = spawn([...await slowRun(folder, ENDLESS, "CW_NONE"), "--json"]);
      await untilBegun(folder);
      child.kill("SIGTERM");
      await new Promise((resolve) => setTimeout(resolve, 200));
      // The first one is given two seconds.
      child.kill("SIGTERM");
      const { code, out, err } = await ended(child);
      assertEquals([code, JSON.parse(out).error.name], [143, "InterruptedError"], err);
    }),
});

/** Starts a command on a terminal of its own and hangs it up when the file is there; prints the exit status. */
const HANG_UP = `
import os, pty, select, sys, time
watched, command = sys.argv[1], sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
ready, deadline = None, time.monotonic() + 20
while time.monotonic() < (ready or deadline):
    if select.select([terminal], [], [], 0.02)[0]:
        os.read(terminal, 4096)
    if ready is None and os.path.exists(watched):
        ready = time.monotonic() + 0.3
os.close(terminal)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

Deno.test({
  name: "a terminal that hangs up ends a run in order, although nothing can be written to it any more",
  ignore: Deno.build.os === "windows" || !hasPython(),
  fn: () =>
    inFolder(async (folder) => {
      const args = await slowRun(folder, SLOW, "CW_SUBPROC");
      const watched = join(folder, "slow.tif.part");
      const child = spawn(args, ["python3", "-c", HANG_UP, watched]);
      const { code, out, err } = await ended(child);
      assertEquals([code, out], [0, "129\n"], err);
      assertEquals(filesIn(folder).filter((name) => name.endsWith(".lock")), []);
    }),
});

Deno.test({
  name: "a second signal ends at once what the first could not",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const child = spawn(await slowRun(folder, ENDLESS, "CW_NONE"));
      await untilBegun(folder);
      child.kill("SIGINT");
      await new Promise((resolve) => setTimeout(resolve, 200));
      // The first one is given two seconds.
      child.kill("SIGTERM");
      const { code, err } = await ended(child);
      assertEquals([code === 143 || code === 130, filesIn(folder)], [true, ["slow.ts"]]);
      assertEquals(err.includes("blockfleet: Ended by"), false, err);
    }),
});

Deno.test({
  name: "a run under nohup outlives its terminal",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    inFolder(async (folder) => {
      const args = await slowRun(folder, SLOW.replace("150", "20"), "CW_THREADS");
      const child = spawn(args, ["sh", "-c", `trap '' HUP; exec "$0" "$@"`]);
      await untilBegun(folder);
      child.kill("SIGHUP");
      const { code, err } = await ended(child);
      assertEquals([code, filesIn(folder)], [0, ["slow.tif", "slow.ts"]], err);
    }),
});

function hasPython(): boolean {
  try {
    return new Deno.Command("python3", { args: ["--version"], stdout: "null" }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
