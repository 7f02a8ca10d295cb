import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { main } from "../../cli/main.ts";
import { logAxis, shareBar, spreadChart } from "../../cli/report_charts.ts";
import { type ReportFacts, reportPage } from "../../cli/report_page.ts";
import { Timers } from "../../core/timers.ts";
import type { ApplyResult } from "../../raster/apply_options.ts";
import { makeRaster } from "../raster/apply_support.ts";
import { fakeConsole } from "./fake_console.ts";

function result(outputPath: string): ApplyResult {
  const timings = new Timers();
  for (const seconds of [0.001, 0.002, 0.003]) timings.add("reading", seconds);
  timings.add("userfunction", 3);
  timings.add("walltime", 2);
  return {
    timings,
    otherArgsList: [],
    workinggrid: { geotransform: [0, 1, 0, 0, 0, -1], geoKeys: null, ncols: 300, nrows: 200 },
    outputs: [{ name: "o", path: outputPath, width: 300, height: 200, bands: 1, type: "uint8", bytes: 1500 }],
    blocks: { total: 8, done: 8, resumed: 3, retried: 1 },
    workers: { kind: "CW_X", ran: 2, started: 3, lost: 1 },
    blocksByWorker: new Map([[1, 2], [0, 3]]),
    wallSeconds: 2,
  };
}

const FACTS: ReportFacts = {
  ...{ userFunction: "/a/b/fn.ts#one", jobName: undefined, host: "h", version: "1.2.3" },
  endedAt: new Date("2026-01-02T03:04:05.678Z"),
};

Deno.test("a report holds what was done, and a row with two charts for each timer", () => {
  const page = reportPage(result("o.tif"), FACTS);
  assertStringIncludes(page, "<title>fn.ts#one - blockfleet</title>");
  assertStringIncludes(page, "<td>2026-01-02T03:04:03Z</td>");
  assertStringIncludes(page, "<td>2026-01-02T03:04:05Z, after 2.00 s</td>");
  assertStringIncludes(page, "<td>8 of 8, 4.0 a second</td>");
  assertStringIncludes(page, "<td>2 ran, 3 started, 1 lost, CW_X</td>");
  assertStringIncludes(page, "<td>300 x 200</td><td>1</td><td>uint8</td><td>1.5 kB</td>");
  const rows = page.match(/<tr><td>(reading|userfunction)<\/td>.*<\/tr>/g)!;
  assertEquals(rows.length, 2);
  assertEquals(rows.map((row) => row.match(/<svg /g)!.length), [2, 2]);
  assertMatch(rows[0]!, /<td>0\.006<\/td>.*<td>3<\/td><td>1\.0<\/td><td>2\.0<\/td><td>3\.0<\/td>/);
  assertEquals(page.includes("walltime"), false);
  assertEquals(page.match(/<tr><td>\d+<\/td><td>\d+<\/td>/g), [
    "<tr><td>0</td><td>3</td>",
    "<tr><td>1</td><td>2</td>",
  ]);
  // One file: nothing is loaded from elsewhere.
  assertEquals(page.match(/<(?:script|link|img)|src=|url\(|https?:/g), null);
});

Deno.test("names in a report are text, whatever they hold", () => {
  const page = reportPage(result(`<b>"&'.tif`), { ...FACTS, jobName: "<script>alert(1)</script>" });
  assertEquals(page.includes("<script>"), false);
  assertStringIncludes(page, "<h1>&lt;script&gt;alert(1)&lt;/script&gt;</h1>");
  assertStringIncludes(page, "<td>&lt;b&gt;&quot;&amp;'.tif</td>");
});

Deno.test("bars are as long as their share, and box plots lie on a logarithmic axis", () => {
  const bar = (value: number, most: number) => shareBar(value, { most, label: "b" });
  const widths = [3, 1.5, 0].map((total) => /class="bar".*? width="([\d.]+)"/.exec(bar(total, 3))![1]);
  assertEquals(widths, ["240.0", "120.0", "0.0"]);
  assertStringIncludes(bar(0, 0), `width="0.0"`);
  const spread = { min: 0.001, lower: 0.01, median: 0.1, upper: 1, max: 10 };
  const axis = logAxis([spread, { ...spread, min: 0.05, max: 0.05 }]);
  assertEquals(axis, { least: 0.001, most: 10 });
  const chart = spreadChart(spread, axis);
  assertStringIncludes(chart, `class="whisker" x1="0.0" x2="240.0"`);
  assertStringIncludes(chart, `class="box" x="60.0" y="3" width="120.0"`);
  assertStringIncludes(chart, `class="median" x1="120.0" x2="120.0"`);
  // A clock may give no time at all.
  assertEquals(logAxis([{ ...spread, min: 0, max: 0 }]), { least: 1e-6, most: 1e-5 });
  assertEquals(logAxis([]), { least: 0.001, most: 1 });
});

Deno.test("apply --report writes the page, and finds out before the run whether it can", async () => {
  const folder = await Deno.makeTempDir();
  const run = async (...args: string[]) => {
    const console = fakeConsole();
    return { status: await main(args, console), err: console.errLines };
  };
  try {
    const [scene, report] = [join(folder, "scene.tif"), join(folder, "report.html")];
    await run("demo", "--dir", folder, "--size", "64", "-q");
    const module = join(folder, "count.ts");
    await Deno.writeTextFile(module, "export default () => {};");
    const args = ["apply", module, "--in", `img=${scene}`, "--quiet", "--report"];
    assertEquals(await run(...args, report), { status: 0, err: [] });
    assertMatch(await Deno.readTextFile(report), /^<!DOCTYPE html>[^]*<td>userfunction<\/td>[^]*<\/html>\n$/);
    for (
      const [path, why] of [
        [join(folder, "no", "r.html"), "there is no such folder"],
        [join(scene, "r.html"), "a part of its path is a file, not a folder"],
        [folder, "it is a folder"],
      ]
    ) {
      assertEquals(await run(...args, path!), {
        status: 2,
        err: [`blockfleet: Cannot write '${path}' of --report: ${why}. Name another file`],
      });
    }
    // A named pipe would wait for whoever reads it, and a link that leads nowhere would make a file there.
    const [pipe, link] = [join(folder, "pipe"), join(folder, "link")];
    new Deno.Command("mkfifo", { args: [pipe] }).outputSync();
    await Deno.symlink("nowhere.html", link);
    for (
      const [path, why] of [[pipe, "no regular file"], [link, "leads nowhere"], [scene, "input img"]] as const
    ) {
      const { status, err } = await run(...args, path);
      assertEquals(status, 2);
      assertStringIncludes(err.join(), why);
    }
    assertEquals([...Deno.readDirSync(folder)].some(({ name }) => name === "nowhere.html"), false);
    // A run that fails leaves no empty report.
    const failing = ["apply", "none.ts", ...args.slice(2), join(folder, "other.html")];
    assertEquals((await run(...failing)).status, 2);
    assertEquals([...Deno.readDirSync(folder)].some(({ name }) => name === "other.html"), false);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a report stands where it was named, though the user function has changed the working folder", async () => {
  const before = Deno.cwd();
  const folder = await Deno.makeTempDir();
  try {
    const [here, elsewhere] = [join(folder, "here"), join(folder, "elsewhere")];
    for (const path of [here, elsewhere]) await Deno.mkdir(path);
    const module = `export default (_info, _inputs, outputs, { elsewhere }) => {
  Deno.chdir(elsewhere);
  outputs.out = new Uint8Array(16);
};
`;
    await Deno.writeTextFile(join(here, "f.js"), module);
    Deno.chdir(here);
    makeRaster("in.tif", { width: 4, height: 4 });
    const console = fakeConsole();
    const args = ["--in", "img=in.tif", "--out", "out=out.tif", "--args", JSON.stringify({ elsewhere })];
    assertEquals(await main(["apply", "f.js", ...args, "--report", "report.html", "--quiet"], console), 0);
    assertEquals([...Deno.readDirSync(elsewhere)], []);
    assertMatch(await Deno.readTextFile(join(here, "report.html")), /^<!DOCTYPE html>/);
  } finally {
    Deno.chdir(before);
    await Deno.remove(folder, { recursive: true });
  }
});
