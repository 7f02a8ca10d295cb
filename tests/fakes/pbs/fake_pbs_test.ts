import { assert, assertEquals, assertMatch } from "@std/assert";
import { FakePbs } from "./fake_pbs.ts";
import type { FakePbsConfig } from "./fake_config.ts";

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A fake, a home folder, and a way to call its commands. */
async function withPbs(
  options: Partial<FakePbsConfig>,
  use: (pbs: {
    fake: FakePbs;
    home: string;
    run(argv: string[], stdin?: string): Promise<Ran>;
    until(ask: () => Promise<boolean> | boolean): Promise<void>;
  }) => Promise<void>,
): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "blockfleet_home_" });
  try {
    await using fake = await FakePbs.start({ host: "pbs1", ...options });
    await use({
      ...{ fake, home },
      async run([program, ...args], stdin = "") {
        // As a shell would: the program is looked for in the new PATH, not in ours.
        const child = new Deno.Command("/bin/sh", {
          args: ["-c", 'exec "$0" "$@"', program!, ...args],
          env: { ...fake.env, HOME: home, LOGNAME: "someone" },
          cwd: home,
          ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
        }).spawn();
        const writer = child.stdin.getWriter();
        await writer.write(new TextEncoder().encode(stdin)).catch(() => {});
        await writer.close().catch(() => {});
        const { code, stdout, stderr } = await child.output();
        return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
      },
      async until(ask) {
        const endMs = performance.now() + 15_000;
        while (!await ask()) {
          assert(performance.now() < endMs, "not within 15 s");
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      },
    });
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

const exists = (path: string) => Deno.stat(path).then(() => true, () => false);

Deno.test("a script on standard input runs in the home folder with PBS's variables, and its log is delivered at the end", async () => {
  await withPbs({}, async ({ run, home, until }) => {
    const script =
      `#!/bin/bash\n#PBS -N my.job -j oe\n#PBS -v "A=x y,B=5"\npwd; echo "$A|$B|$PBS_JOBID|$PBS_ENVIRONMENT|$-"\nexit 3\n`;
    assertEquals(await run(["qsub"], script), { code: 0, out: "1.pbs1\n", err: "" });
    const log = `${home}/my.job.o1`;
    await until(() => exists(log));
    assertEquals(await Deno.readTextFile(log), `${await Deno.realPath(home)}\nx y|5|1.pbs1|PBS_BATCH|hB\n`);
    await until(async () => (await run(["qstat", "1"])).code === 153);
    assertEquals(await run(["qstat", "1"]), { code: 153, out: "", err: "qstat: Unknown Job Id 1.pbs1\n" });
    assertEquals(await run(["qstat", "-x", "1"]), {
      ...{ code: 0, out: "", err: "qstat: PBS is not configured to maintain job history 1.pbs1\n" },
    });
    assertEquals((await run(["qdel", "1"])).err, "qdel: Unknown Job Id 1.pbs1\n");
  });
});

Deno.test("with history on a finished job keeps its exit status, and deleted ones say so", async () => {
  await withPbs(
    { history: true, nodes: { pbs1: 1 }, pollSeconds: 1, startSeconds: 0 },
    async ({ run, until }) => {
      await run(["qsub"], "exit 3\n");
      const shown = async (id: string) => {
        const { out } = await run(["qstat", "-xf", "-F", "json", id]);
        return Object.values(JSON.parse(out).Jobs)[0] as Record<string, unknown>;
      };
      await until(async () => (await shown("1")).job_state === "F");
      const { Exit_status, substate } = await shown("1");
      assertEquals([Exit_status, substate], [3, 93]);
      assertEquals(await run(["qstat", "1.pbs1"]), {
        code: 35,
        out: "",
        err: "qstat: 1.pbs1 Job has finished, use -x or -H to obtain historical job information\n",
      });
      assertEquals(await run(["qdel", "1"]), { code: 35, out: "", err: "qdel: Job has finished 1.pbs1\n" });
      await run(["qsub"], "sleep 100\n");
      await run(["qsub"], "sleep 100\n");
      await until(async () => (await shown("2")).job_state === "R");
      assertMatch((await run(["qstat"])).out, /\n3\.pbs1 +STDIN +someone +0 Q workq {11}\n$/);
      assertEquals(await run(["qdel", "3", "2"]), { code: 0, out: "", err: "" });
      await until(async () => (await shown("2")).job_state === "F");
      assertEquals([(await shown("2")).Exit_status, (await shown("3")).Exit_status], [271, undefined]);
    },
  );
});

Deno.test("several ids in JSON show only the first, and with -E all that are known", async () => {
  await withPbs({}, async ({ run }) => {
    for (let n = 0; n < 3; n++) await run(["qsub", "-h"], "true\n");
    const ids = async (...args: string[]) =>
      Object.keys(JSON.parse((await run(["qstat", "-f", "-F", "json", ...args])).out).Jobs);
    assertEquals(await ids("1", "2", "3"), ["1.pbs1"]);
    assertEquals(await ids("-E", "1", "3", "99"), ["1.pbs1", "3.pbs1"]);
    assertEquals(await ids(), ["1.pbs1", "2.pbs1", "3.pbs1"]);
  });
});

Deno.test("with -E the last error of all is told, and only if no job is known; without it each id's own", async () => {
  await withPbs({ history: true }, async ({ run }) => {
    await run(["qsub", "-h"], "true\n");
    const [one, other] = ["qstat: Unknown Job Id 98.pbs1\n", "qstat: Unknown Job Id 99.pbs1\n"];
    assertEquals(await run(["qstat", "-E", "99", "98"]), { code: 153, out: "", err: other });
    assertEquals((await run(["qstat", "-E", "99", "98", "1"])).err, "");
    const plain = await run(["qstat", "99", "98", "1"]);
    assertEquals([plain.code, plain.err, plain.out.includes("1.pbs1")], [153, other + one, true]);
  });
});

Deno.test("an array runs each element with its index, and shows X for those that have ended", async () => {
  await withPbs({ nodes: { pbs1: 2 }, pollSeconds: 1, startSeconds: 0 }, async ({ run, home, until }) => {
    const script =
      `#PBS -J 0-3\n#PBS -j oe -o ${home}/log.^array_index^\necho "$PBS_ARRAY_INDEX $PBS_ARRAY_ID"; [ "$PBS_ARRAY_INDEX" -lt 2 ] || sleep 100\n`;
    assertEquals((await run(["qsub", "-N", "arr"], script)).out, "1[].pbs1\n");
    await until(async () => {
      const { out } = await run(["qstat", "-t", "1[]"]);
      return out.split("\n").filter((line) => /^1\[[23]\].* R /.test(line)).length === 2;
    });
    const { out } = await run(["qstat", "-t", "1[]"]);
    assertEquals(out.split("\n").slice(2, -1).map((line) => line.replaceAll(/ +/g, " ").trim()), [
      "1[].pbs1 arr someone 0 B workq",
      "1[0].pbs1 arr someone 00:00:00 X workq",
      "1[1].pbs1 arr someone 00:00:00 X workq",
      "1[2].pbs1 arr someone 00:00:00 R workq",
      "1[3].pbs1 arr someone 00:00:00 R workq",
    ]);
    assertEquals(await Deno.readTextFile(`${home}/log.1`), "1 1[].pbs1\n");
    assertEquals((await run(["qdel", "1[2]"])).code, 0);
    await until(() => exists(`${home}/log.2`));
    assertEquals((await run(["qdel", "1[]"])).code, 0);
    await until(async () => (await run(["qstat"])).out === "");
  });
});

Deno.test("a job that is over its walltime says so in its log", async () => {
  await withPbs({ killDelaySeconds: 1, pollSeconds: 1, history: true }, async ({ run, home, until }) => {
    const script = `#PBS -j oe -N limit -l walltime=1\nsleep 100\n`;
    await run(["qsub"], script);
    await until(() => exists(`${home}/limit.o1`));
    assertMatch(
      await Deno.readTextFile(`${home}/limit.o1`),
      /^=>> PBS: job killed: walltime \d exceeded limit 1\n/,
    );
    assertMatch((await run(["qstat", "-xf", "1"])).out, /Exit_status = -29\n/);
  });
});

Deno.test("the end of a job that was told to end is known at the next poll, and of one that ends by itself at once", async () => {
  await withPbs({ pollSeconds: 3, killDelaySeconds: 2, startSeconds: 0 }, async ({ run, until }) => {
    const state = async (id: string) => / job_state = (.)/.exec((await run(["qstat", "-f", id])).out)?.[1];
    await run(["qsub"], "sleep 100\n");
    await until(async () => await state("1") === "R");
    await run(["qdel", "1"]);
    assertEquals(await state("1"), "R");
    await until(async () => (await run(["qstat", "1"])).code === 153);
  });
});

Deno.test("what a deleted job's shell leaves behind lives until the first poll after the kill delay", async () => {
  await withPbs({ pollSeconds: 1, killDelaySeconds: 2, startSeconds: 0 }, async ({ run, home, until }) => {
    const child =
      `trap 'echo told; sleep 1; echo drained' TERM; touch ${home}/up; for n in 1 2 3 4 5 6 7 8 9; do sleep 1; done; echo last`;
    await run(["qsub", "-N", "left", "-j", "oe", "-k", "oed", "-o", `${home}/log`], `bash -c "${child}"\n`);
    await until(() => exists(`${home}/up`));
    await run(["qdel", "1"]);
    await until(async () => (await run(["qstat", "1"])).code === 153);
    const log = await Deno.readTextFile(`${home}/log`);
    assertMatch(log, /told\n(.*\n)*drained\n/);
    assertEquals(log.includes("last"), false, "then it was killed");
  });
});

Deno.test("a job that ends by itself while its TERM is under way stays in E until the second copy is given up", async () => {
  await withPbs({ pollSeconds: 1, secondCopySeconds: 2, startSeconds: 0 }, async ({ run, home, until }) => {
    // A shell that ends by itself, though at the same time as it is told to.
    await Deno.writeTextFile(
      `${home}/shell`,
      `#!/bin/bash\ntrap 'exit 0' TERM\ntouch ${home}/up\nwhile :; do sleep 0.1; done\n`,
      { mode: 0o755 },
    );
    await run(["qsub", "-S", `${home}/shell`, "-j", "oe"], "true\n");
    await until(() => exists(`${home}/up`));
    const states = new Set<string>();
    await run(["qdel", "1"]);
    await until(async () => {
      const { code, out } = await run(["qstat", "-f", "1"]);
      states.add(/ job_state = (.)/.exec(out)?.[1] ?? "");
      return code === 153;
    });
    assertEquals([...states], ["R", "E", ""]);
  });
});

Deno.test("a TERM that comes before a job has begun is lost, and KILL comes much later", async () => {
  await withPbs({ pollSeconds: 1, startSeconds: 60, lostTermSeconds: 3 }, async ({ run, home, until }) => {
    await run(["qsub"], `trap 'touch ${home}/told' TERM; touch ${home}/up; while :; do sleep 0.1; done\n`);
    await until(() => exists(`${home}/up`));
    await run(["qdel", "1"]);
    await until(async () => (await run(["qstat", "1"])).code === 153);
    assertEquals(await exists(`${home}/told`), false);
  });
});

Deno.test("a job that takes more memory than it asked for is told so in its log, and ended", async () => {
  await withPbs({ pollSeconds: 1, history: true }, async ({ run, home, until }) => {
    const fat = "exec /usr/bin/python3 -c 'x = bytearray(80 << 20); import time; time.sleep(60)'";
    await run(["qsub", "-N", "fat", "-j", "oe", "-l", "select=1:mem=50mb"], `${fat}\n`);
    await until(() => exists(`${home}/fat.o1`));
    assertMatch(
      await Deno.readTextFile(`${home}/fat.o1`),
      /^=>> PBS: job killed: mem \d+kb exceeded limit 51200kb\n/,
    );
    assertMatch((await run(["qstat", "-xf", "1"])).out, /Exit_status = -27\n/);
  });
});

Deno.test("an array that is held shows H itself, its elements Q, and runs once it is released", async () => {
  await withPbs({}, async ({ run, home, until }) => {
    await run(["qsub", "-h", "-J", "0-1", "-o", home, "-j", "oe"], "true\n");
    const letters = async () =>
      (await run(["qstat", "-t", "1[]"])).out.split("\n").slice(2, -1).map((line) =>
        / ([A-Z]) workq/.exec(line)![1]
      );
    assertEquals(await letters(), ["H", "Q", "Q"]);
    assertEquals((await run(["qrls", "1[]"])).code, 0);
    await until(async () => (await run(["qstat", "1[]"])).code === 153);
  });
});

Deno.test("qsub refuses as OpenPBS does, and takes what can never run", async () => {
  await withPbs({ aclRoots: false }, async ({ run }) => {
    assertEquals((await run(["qsub", "-q", "nix"], "true\n")).code, Deno.uid() === 0 ? 175 : 170);
  });
  await withPbs({}, async ({ run, until }) => {
    for (
      const [args, code, message] of [
        [["-q", "nix"], 170, "qsub: Unknown queue\n"],
        [["-l", "walltime=soon"], 166, "qsub: Illegal attribute or resource value Resource_List.walltime\n"],
        [["-l", "gpus=1"], 187, "qsub: Unknown resource Resource_List.gpus\n"],
        [["-N", "two words"], 2, "qsub: illegal -N value\n"],
      ] as const
    ) {
      assertEquals(await run(["qsub", ...args], "true\n"), { code, out: "", err: message });
    }
    await run(["qsub", "-l", "select=1:ncpus=9"], "true\n");
    const comment = "Can Never Run: Insufficient amount of resource: ncpus (R: 9 A: 8 T: 8)";
    await until(async () => (await run(["qstat", "-fw", "1"])).out.includes(`comment = ${comment}\n`));
  });
});

Deno.test("a server that is down refuses every command, and its jobs run on", async () => {
  await withPbs({}, async ({ fake, run, home, until }) => {
    await run(["qsub", "-N", "on", "-j", "oe"], "sleep 0.5; echo done\n");
    await fake.down();
    const codes = [await run(["qsub"], "true\n"), await run(["qstat"]), await run(["qdel", "1"])];
    assertEquals(codes.map(({ code }) => code), [162, 255, 1]);
    await fake.up();
    await until(() => exists(`${home}/on.o1`));
    assertEquals((await fake.commands()).map(([name]) => name).slice(0, 1), ["qsub"]);
  });
});
