import { assert, assertEquals } from "@std/assert";
import { describedBlock, FaultScene, IGNORED } from "./fault_scene.ts";

const SIZE = { across: 6, down: 4 };
const BAD_BLOCK = 9;
const NAME = describedBlock(BAD_BLOCK, SIZE.across);

/** Runs out of a heap of this size within a second, MiB. */
const SMALL_HEAP = { DENO_V8_FLAGS: "--max-old-space-size=96" };
const HOG = "const hog: unknown[] = []; for (;;) hog.push(new Array(10_000).fill(hog.length));";

/** How a function misbehaves, and what then happens if it does so once, or always. */
const FAULTS = [
  {
    what: "throws",
    fault: `throw new RangeError("no such luck");`,
    args: ["--max-block-errors", "1"],
    lost: 0,
    says: ["RangeError: no such luck", NAME],
  },
  {
    what: "loops for ever",
    fault: "for (;;);",
    args: ["--max-block-errors", "1", "--block-timeout", "2"],
    lost: 0,
    says: ["--block-timeout of 2 s", NAME],
  },
  {
    what: "exits the process",
    fault: "Deno.exit(7);",
    args: ["--max-block-losses", "1"],
    lost: 1,
    says: [`${NAME}`, "kills its workers"],
  },
  {
    what: "runs out of memory",
    fault: HOG,
    args: ["--max-block-losses", "1"],
    lost: 1,
    says: [`${NAME}`, "kills its workers", "JavaScript out of memory"],
  },
];

for (const { what, fault, args, lost, says } of FAULTS) {
  const env = fault === HOG ? SMALL_HEAP : {};
  Deno.test({
    name: `a function that ${what} on one block, and only once, is tried again and the run is right`,
    ignore: IGNORED,
    fn: async () => {
      const each = `pause(30); if (n === ${BAD_BLOCK} && once("fault")) { ${fault} }`;
      await using scene = new FaultScene({ ...SIZE, each });
      const run = scene.run(["--no-copies", ...args], env);
      const { workers } = await scene.assertDone(run);
      assertEquals(workers.lost, lost, run.err);
      for (const [block, times] of scene.timesBegun()) assertEquals(times, block === BAD_BLOCK ? 2 : 1);
      assert(run.err.includes(NAME), run.err);
    },
  });

  Deno.test({
    name: `a function that ${what} on one block each time ends the run, which names that block and no other`,
    ignore: IGNORED,
    fn: async () => {
      const each = `pause(30); if (n === ${BAD_BLOCK}) { ${fault} }`;
      await using scene = new FaultScene({ ...SIZE, each });
      const run = scene.run(args, env);
      const line = await scene.assertFailed(run, { says, keeps: true });
      const named = [...line.matchAll(/block \(\d+, \d+\)/g)].map(([name]) => name);
      assertEquals(new Set(named), new Set([NAME]), line);
    },
  });
}

/** Tries what `docs/security.md` speaks of, and writes down what came of it. */
function attempts(outside: string, port: number): string {
  return `
  const attempt = async (what: string, work: () => unknown) => {
    const outcome = await Promise.resolve().then(work).then(() => "allowed", (error) => error.name);
    note(what + ":" + outcome, n);
  };
  await attempt("write", () => Deno.writeTextFileSync(${JSON.stringify(outside)}, "x"));
  await attempt("read", () => Deno.readTextFileSync("/etc/hostname"));
  await attempt("connect", async () => (await Deno.connect({ hostname: "127.0.0.1", port: ${port} })).close());
  await attempt("program", () => new Deno.Command("true").outputSync());
  await attempt("environment", () => Deno.env.get("PATH"));
  await attempt("key", () => {
    if (Deno.env.get("BLOCKFLEET_KEY") !== undefined) throw new Error("it is there");
  });`;
}

for (
  const { kind, outcome } of [
    { kind: "CW_SUBPROC", outcome: "NotCapable" },
    { kind: "CW_THREADS", outcome: "allowed" },
  ]
) {
  Deno.test({
    name: `a write, a read, a connect, a program and the environment are ${
      outcome === "allowed" ? "allowed" : "denied"
    } to a user function on ${kind}, and the key is gone`,
    ignore: IGNORED,
    fn: async () => {
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const accepting = (async () => {
        let count = 0;
        for await (const connection of listener) {
          count++;
          connection.close();
        }
        return count;
      })();
      const outside = await Deno.makeTempFile({ prefix: "blockfleet_test_" });
      try {
        const each = attempts(outside, listener.addr.port);
        await using scene = new FaultScene({ across: 1, down: 1, each });
        const kinds = ["--kind", kind, "--workers", "1"];
        // Threads have what the program has.
        const { code, err } = await scene.run(
          kind === "CW_THREADS" ? [...kinds, "--worker-permissions", "--allow-all"] : kinds,
        ).ended;
        assertEquals(code, 0, err);
        const said = scene.notes().filter((note) => note.includes(":"));
        assertEquals(said, [
          ...["write", "read", "connect", "program", "environment"].map((what) => `${what}:${outcome}`),
          "key:allowed",
        ]);
        assertEquals(await Deno.readTextFile(outside), outcome === "allowed" ? "x" : "");
        listener.close();
        assertEquals(await accepting, outcome === "allowed" ? 1 : 0);
      } finally {
        await Deno.remove(outside);
      }
    },
  });
}

Deno.test({
  name: "what a user function prints on CW_SUBPROC is shown with its worker, also right before it throws",
  ignore: IGNORED,
  fn: async () => {
    const each = `
      console.log("looking at", n);
      console.error("complaining about", n);
      if (n === ${BAD_BLOCK}) throw new Error("no such luck");`;
    await using scene = new FaultScene({ ...SIZE, each });
    const run = scene.run(["--workers", "1"]);
    await scene.assertFailed(run, { says: ["no such luck"], keeps: true });
    for (const what of ["looking at", "complaining about"]) {
      assert(run.err.includes(`worker 0: ${what} 0\n`), run.err);
      assert(run.err.includes(`worker 0: ${what} ${BAD_BLOCK}\n`), run.err);
    }
  },
});

Deno.test({
  name: "a user function that prints without end floods nobody, and its run is right",
  ignore: IGNORED,
  fn: async () => {
    const each = `for (let i = 0; i < 5000; i++) console.log("line", i, "of block", n);`;
    await using scene = new FaultScene({ ...SIZE, each });
    const run = scene.run(["--workers", "2"]);
    await scene.assertDone(run);
    const lines = run.err.split("\n");
    assert(lines.length < 1000, `${lines.length} lines`);
    assert(lines.some((line) => /^worker \d: \(\d+ more lines are not shown\)$/.test(line)), run.err);
  },
});

Deno.test({
  name: "a program that a user function leaves running keeps no worker from ending",
  ignore: IGNORED,
  fn: async () => {
    const each = `
      if (once("left")) new Deno.Command("sleep", { args: ["30"], stdin: "null" }).spawn().unref();`;
    await using scene = new FaultScene({ ...SIZE, each });
    const access = `--allow-read=${scene.path} --allow-write=${scene.path} --allow-run=sleep`;
    const startMs = performance.now();
    const { code, err } = await scene.run(["--worker-permissions", access]).ended;
    assertEquals(code, 0, err);
    assert(performance.now() - startMs < 20_000, "it was waited for");
  },
});
