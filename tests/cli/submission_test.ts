import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { main } from "../../cli/main.ts";
import { fakeConsole } from "./fake_console.ts";

const DRIVER = fromFileUrl(new URL("../fakes/files_driver.ts", import.meta.url));
const NDVI = fromFileUrl(new URL("../../examples/ndvi.ts", import.meta.url));
const MINE = ["--driver", DRIVER];

async function run(...args: string[]) {
  const console = fakeConsole();
  const status = await main(args, console);
  return { status, out: console.outLines, err: console.errLines };
}

/** What the driver was asked for: the words of its submit command. */
function asked(out: readonly string[]): Record<string, unknown> {
  return JSON.parse(out.find((line) => line.startsWith("touch "))!.slice(6));
}

/** A folder with a small scene in it: 300 x 300 pixels, 4 blocks. */
const shared: { folder: string; scene: string } = { folder: "", scene: "" };

Deno.test.beforeAll(async () => {
  shared.folder = await Deno.makeTempDir();
  shared.scene = join(shared.folder, "scene.tif");
  await run("demo", "--dir", shared.folder, "--size", "300", "-q");
});

Deno.test.afterAll(() => Deno.remove(shared.folder, { recursive: true }));

Deno.test("script prints the job script, then how it would be submitted, of a stranger's kind too", async () => {
  const { status, out, err } = await run(
    ...[
      "script",
      ...MINE,
      "--workers",
      "40",
      "--job-name",
      "n",
      "--param",
      "walltime=2:00:00",
      "--no-arrays",
    ],
  );
  assertEquals([status, err], [0, ["# The job script"]]);
  // So that the output, put into a file, is a script.
  assertEquals(out.slice(0, 4), ["#!/bin/sh", "exec worker RUN ADDRESS KEY", "", "# Submitted with"]);
  assertEquals(asked(out), {
    ...{ workers: 40, maxWorkers: 40, jobName: "n", read: [] },
    extraParams: { walltime: "2:00:00", arrays: false },
    ...{ singleBlockComputeWorkers: false, haveSharedTemp: true },
  });
});

Deno.test("script takes what apply takes, and knows the blocks where the inputs are there", async () => {
  const inputs = [NDVI, "--in", `img=${shared.scene}`, "--out", `ndvi=${join(shared.folder, "n.tif")}`];
  const many = await run("script", ...inputs, ...MINE, "--workers", "40", "--shared-temp", "no");
  assertEquals([many.status, asked(many.out).workers, asked(many.out).haveSharedTemp], [0, 4, false]);
  assertEquals(asked(many.out).read, [Deno.realPathSync(shared.scene), shared.scene].filter(unique));
  const single = await run("script", ...inputs, ...MINE, "--single-block-workers");
  assertEquals([single.status, asked(single.out).workers], [0, 4]);
  const range = await run("script", ...MINE, "--workers", "2:9");
  assertEquals([asked(range.out).workers, asked(range.out).maxWorkers], [2, 9]);
  const missing = await run("script", "no.ts", "--in", "img=no.tif", ...MINE, "--workers", "40");
  const { workers, read } = asked(missing.out);
  // Workers get absolute paths: theirs is another working folder.
  assertEquals([missing.status, workers, read], [0, 40, [join(Deno.cwd(), "no.tif")]]);
  assertStringIncludes(missing.err.join("\n"), "Cannot open 'no.tif': there is no such file");
});

Deno.test("script says what it can't show", async () => {
  const cases: [string[], RegExp][] = [
    [["--kind", "CW_THREADS"], /^blockfleet: CW_THREADS submits nothing that could be shown/],
    [["--kind", "CW_THREADS", "--probe"], /^blockfleet: CW_THREADS has no probe: choose another --kind;/],
    [
      [],
      /^blockfleet: CW_THREADS submits nothing that could be shown: give --kind, such as --kind CW_SLURM;/,
    ],
    [[...MINE, "--single-block-workers"], /^blockfleet: With --single-block-workers .* give them$/],
    [[...MINE, "--single-block-workers", "--in", "a=no.tif"], /the inputs decide: Cannot open 'no\.tif'/],
    [[...MINE, "--submit-manager"], /^blockfleet: --submit-manager is for blockfleet apply/],
    [[...MINE, "--kind", "CW_FILLS"], /There is no kind 'CW_FILLS'/],
    [[...MINE, "--workers", "0"], /--workers/],
  ];
  for (const [args, message] of cases) {
    const { status, out, err } = await run("script", ...args);
    assertEquals([status, out], [2, []], args.join(" "));
    assertMatch(err.at(-1)!, message);
  }
});

Deno.test("script --probe and --json", async () => {
  const { status, out } = await run("script", ...MINE, "--probe", "--json");
  assertEquals([status, out.length], [0, 1]);
  assertEquals(JSON.parse(out[0]!), {
    ok: true,
    kind: "CW_FILES",
    steps: [{ title: "The probe", text: "#!/bin/sh\ntrue\n" }],
  });
});

Deno.test("apply --dry-run checks all that apply checks, shows the same as script, and leaves nothing", async () => {
  const output = join(shared.folder, "dry.tif");
  const args = ["apply", "--in", `img=${shared.scene}`, "--out", `ndvi=${output}`, "--dry-run"];
  const before = filesIn(shared.folder);
  const here = await run(...args, NDVI, "--workers", "2");
  assertEquals([here.status, here.out], [0, []]);
  assertEquals(here.err, [`Nothing is started. 4 blocks on 2 CW_THREADS workers would make ${output}`]);
  const jobs = await run(...args, NDVI, ...MINE, "--workers", "3");
  assertEquals([jobs.status, jobs.out[0], asked(jobs.out).workers], [0, "#!/bin/sh", 3]);
  const json = JSON.parse((await run(...args, NDVI, ...MINE, "--workers", "9", "--json")).out.join());
  assertEquals([json.ok, json.kind, json.blocks, json.workers], [true, "CW_FILES", { total: 4 }, 4]);
  assertEquals([json.outputs, json.steps.length], [[{ name: "ndvi", path: output }], 2]);

  const missing = await run(...args, "no.ts");
  assertEquals([missing.status, missing.err.length], [2, 1]);
  const onInput = await run(
    "apply",
    NDVI,
    "--in",
    `img=${shared.scene}`,
    "--out",
    `ndvi=${shared.scene}`,
    "--dry-run",
  );
  assertEquals(onInput.status, 2);
  const left = [`${output}.journal`, `${output}.part`];
  for (const path of left) await Deno.writeTextFile(path, "an earlier run's");
  const kept = await run(...args, NDVI);
  for (const path of left) await Deno.remove(path);
  assertEquals(kept.status, 2);
  assertMatch(kept.err[0]!, /Use --resume to go on with what it has done, or --restart to begin anew$/);
  assertEquals(filesIn(shared.folder), before);
});

Deno.test("apply --submit-manager submits the same command, checked, and says how to follow it", async () => {
  const output = join(shared.folder, "far.tif");
  const args = ["apply", NDVI, "--in", `img=${shared.scene}`, "--out", `ndvi=${output}`, ...MINE];
  const before = filesIn(shared.folder);
  const given = ["--workers", "4", "--job-name", "a b", "--submit-manager", "--timings", "--nodata", "-1"];
  const { status, out, err } = await run(...args, ...given);
  assertEquals([status, err], [0, []]);
  assertEquals(out[0], `The manager is job 17. It writes to ${Deno.cwd()}/manager.log`);
  const { command, jobName } = JSON.parse(out[1]!.replace("What it was: ", ""));
  assertEquals(jobName, "a b");
  const mainModule = new URL("../../cli/main.ts", import.meta.url).href;
  assertEquals(command, [
    ...[Deno.execPath(), "run", "--no-prompt", "--allow-all", mainModule, "apply"],
    ...[`--in=img=${shared.scene}`, `--out=ndvi=${output}`, `--driver=${DRIVER}`, "--workers=4"],
    ...["--job-name=a b", "--timings=0", "--nodata=-1", "--", NDVI],
  ]);
  const json = JSON.parse((await run(...args, ...given, "--json")).out.join());
  assertEquals([json.ok, json.manager.nativeId], [true, "17"]);

  const refusals: [string[], RegExp][] = [
    [[...args, ...given, "--dry-run"], /--dry-run submits nothing and --submit-manager does/],
    [[...args, ...given, "--overlap", "x"], /--overlap/],
    [[...args.slice(0, -2), "--submit-manager"], /CW_THREADS can't run the manager as a job/],
    [["apply", "no.ts", ...args.slice(2), ...given], /no\.ts/],
  ];
  for (const [wrong, message] of refusals) {
    const refused = await run(...wrong);
    assertEquals([refused.status, refused.out], [2, []]);
    assertMatch(refused.err.at(-1)!, message);
  }
  assertEquals(filesIn(shared.folder), before);
});

function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

function unique(value: string, index: number, all: readonly string[]): boolean {
  return all.indexOf(value) === index;
}
