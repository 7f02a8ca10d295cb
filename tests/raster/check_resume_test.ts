import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ConfigError, RasterError } from "../../core/errors.ts";
import type { ApplyOptions } from "../../raster/apply_options.ts";
import { checkApply } from "../../raster/check_apply.ts";
import { driver } from "../../drivers/none.ts";
import { BLOCKS, type ResumeScene, resumeScene } from "./resume_support.ts";

/** What is said of a job that is checked and not run. */
async function checked(job: ApplyOptions): Promise<string> {
  const notices: string[] = [];
  await checkApply(job, { driver, onNotice: (line) => notices.push(line) });
  return notices.join("\n");
}

/** The bytes of what a failed run has left. */
function keptBytes(scene: ResumeScene): Record<string, string> {
  const digest = (name: string) => Deno.readFileSync(scene.file(name)).toBase64();
  return Object.fromEntries(scene.left("run").map((name) => [name, digest(name)]));
}

Deno.test("a check of --resume says what would be gone on with, and changes nothing", async () => {
  using scene = await resumeScene();
  assertStringIncludes(await checked(scene.job("run", { resume: true })), "There is nothing to resume at");
  await scene.fail(17, scene.job("run"));
  const journal = scene.file("run_a.tif.journal");
  // A torn end is cut off by a run alone.
  Deno.writeFileSync(journal, Uint8Array.of(...Deno.readFileSync(journal), 9, 9, 9));
  const before = keptBytes(scene);
  const said = await checked(scene.job("run", { resume: true }));
  assertStringIncludes(said, `of ${BLOCKS} blocks are done`);
  assertEquals(said.split("\n").length, 1, said);
  assertEquals(keptBytes(scene), before);
});

Deno.test("a check refuses what --resume refuses: another function, a missing part file, no outputs", async () => {
  using scene = await resumeScene();
  await scene.fail(17, scene.job("run"));
  const before = keptBytes(scene);
  const job = scene.job("run", { resume: true });
  Deno.writeTextFileSync(scene.file("other.ts"), "export default () => {};");
  const other = { ...job, userFunction: scene.file("other.ts") };
  await assertRejects(() => checked(other), ConfigError, "the user function is not the same");
  await assertRejects(() => checked({ ...job, controls: { ...job.controls, windowxsize: 32 } }), ConfigError);
  const none = { userFunction: job.userFunction, infiles: job.infiles!, resume: true };
  await assertRejects(() => checked(none), ConfigError, "There is nothing to resume");
  assertEquals(keptBytes(scene), before);
  Deno.removeSync(scene.file("run_b.tif.part"));
  await assertRejects(() => checked(job), RasterError, "run_b.tif.part' is not there");
});
