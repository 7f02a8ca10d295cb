/** Line feeds and other control characters in names and paths: none of them becomes a line of a job's script. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ConfigError } from "../../../core/errors.ts";
import { batchQueueDriver, checkedParams } from "../../../drivers/batch_queue/batch_driver.ts";
import { directiveLines } from "../../../drivers/batch_queue/batch_scheduler.ts";
import { submitManagerJob } from "../../../drivers/batch_queue/manager_job.ts";
import { previewProbe } from "../../../drivers/batch_queue/probe.ts";
import { runCommand } from "../../../drivers/batch_queue/run_command.ts";
import { shellWord } from "../../../drivers/batch_queue/shell_words.ts";
import { sampleJob, sampleJobs, SCHEDULERS } from "./sample_jobs.ts";

const EVIL = "/home/a\ntouch OWNED #\n#$ -N owned\r\u001b[2J\u0085\\'b";

Deno.test("a word with any control character is one line, and bash reads it as it was", async () => {
  const controls = Array.from({ length: 0x9f }, (_, code) => String.fromCharCode(code + 1)).join("");
  for (const word of [EVIL, controls, "tab\there", "\n"]) {
    const quoted = shellWord(word);
    assert(!/[\p{Cc}]/u.test(quoted), quoted);
    const { stdout } = await runCommand(["bash", "-c", `printf '%s|' ${quoted}`]);
    assertEquals(stdout, `${word}|`);
  }
});

for (const scheduler of Object.values(SCHEDULERS)) {
  const { title, directivePrefix } = scheduler;

  Deno.test(`${title}: a run's folder, address file and variables with line feeds add no line to the script`, () => {
    const params = { exportEnv: { GREETING: EVIL } };
    const lines = (text: string) =>
      sampleJob(scheduler, { exportEnv: { GREETING: text } }, { folder: text, file: `${text}/channel` })
        .script.split("\n");
    assertEquals(lines(EVIL).length, lines("/home/a").length);
    const { script } = sampleJob(scheduler, params, { folder: EVIL, file: `${EVIL}/channel` });
    assertEquals(script.split("\n").filter((line) => /^(touch|#\$ -N owned)/.test(line)), []);
  });

  Deno.test(`${title}: no directive can be on two lines`, () => {
    const params = checkedParams(scheduler, {});
    const error = assertThrows(
      () => directiveLines(scheduler, [{ option: "o", text: `-o ${EVIL}` }], params),
      ConfigError,
      `The directive $'${directivePrefix} -o /home/a\\ntouch OWNED`,
    ) as Error;
    assert(!/\p{Cc}/u.test(error.message), error.message);
  });

  Deno.test(`${title}: the manager is not submitted from a folder with a line feed`, async () => {
    const commands: string[] = [];
    const manager = submitManagerJob(
      scheduler,
      { command: ["blockfleet"], folder: EVIL, jobName: undefined, extraParams: {} },
      (argv) => {
        commands.push(argv[0]!);
        return Promise.resolve({ argv, exitCode: 0, stdout: "1\n", stderr: "" });
      },
    );
    await assertRejects(() => manager, ConfigError, "which no directive of a job script can hold: run the");
    assertEquals(commands, []);
  });

  Deno.test(`${title}: neither workers nor a probe are made with a HOME that has a line feed`, async () => {
    const { spec } = sampleJobs(scheduler, {});
    const driver = batchQueueDriver(scheduler);
    const home = Deno.env.get("HOME")!;
    Deno.env.set("HOME", EVIL);
    try {
      const wish = "choose another with logFolder";
      assertThrows(() => void driver.preview!(spec), ConfigError, wish);
      const context = {
        runId: "r1",
        signal: new AbortController().signal,
        notice: () => {},
        register: () => Promise.reject(new Error("nothing may be noted down")),
        openChannel: () => Promise.reject(new Error("nothing may be opened")),
        attach: () => {},
      };
      await assertRejects(() => driver.start(spec, context), ConfigError, wish);
      const probe = () => previewProbe(scheduler, checkedParams(scheduler, {}), { haveSharedTemp: true });
      assertThrows(probe, ConfigError, "choose another with addressFolder");
    } finally {
      Deno.env.set("HOME", home);
    }
  });
}
