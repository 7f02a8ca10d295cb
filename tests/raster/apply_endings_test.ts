import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import type { ConcurrencyStyle } from "../../core/concurrency_style.ts";
import { AbortedError, WorkerError } from "../../core/errors.ts";
import type { ApplyOptions, Progress } from "../../raster/apply_options.ts";
import { tempFolder } from "../gdal.ts";
import { assertFails, FED_THREADS, filesIn, makeRaster, run, STYLES, THREADS } from "./apply_support.ts";

const STYLES_HERE = [{}, THREADS, FED_THREADS];

type Folder = ReturnType<typeof tempFolder>;

/** A folder with a scene of 6 x 4 blocks and an older output. */
function scene(): Folder & { readonly job: Omit<ApplyOptions, "userFunction"> } {
  const folder = tempFolder();
  makeRaster(folder.file("scene.tif"), { width: 96, height: 64 });
  Deno.writeTextFileSync(folder.file("out.tif"), "an older output");
  const job = {
    infiles: { img: folder.file("scene.tif") },
    outfiles: { out: folder.file("out.tif") },
    controls: { windowxsize: 16, windowysize: 16, windowExact: true },
  };
  return { ...folder, job, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

const copy: ApplyOptions["userFunction"] = (_info, { img }, outputs) => {
  outputs.out = img;
};

Deno.test("a signal that was given before the run keeps it from beginning", async () => {
  using folder = scene();
  for (const concurrency of STYLES_HERE) {
    const signal = AbortSignal.abort();
    await assertFails(folder.path, { ...folder.job, userFunction: copy, concurrency, signal }, {
      ...{ kind: AbortedError, says: ["ended before it began"] },
    });
  }
});

/** Aborts a run of `userFunction` a tenth of a second after its beginning. */
async function assertAborts(folder: ReturnType<typeof scene>, options: Partial<ApplyOptions>): Promise<void> {
  const stop = new AbortController();
  await assertFails(folder.path, {
    ...{ ...folder.job, userFunction: copy, ...options, signal: stop.signal },
    onProgress({ done }) {
      if (done === 0) setTimeout(() => stop.abort(new Error("the user has had enough")), 100);
    },
  }, { kind: AbortedError, says: ["the user has had enough"], mayKeepBlocks: true });
}

const stuck: ApplyOptions["userFunction"] = async (info, { img }, outputs) => {
  if (info.getBlockCount()[1] === 1) await new Promise(() => {});
  outputs.out = img;
};

Deno.test("a run that is aborted in its middle ends soon and says why", async () => {
  using folder = scene();
  const slow: ApplyOptions["userFunction"] = async (_info, { img }, outputs) => {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    outputs.out = img;
  };
  const busy: ApplyOptions["userFunction"] = (_info, { img }, outputs) => {
    const end = performance.now() + 250;
    while (performance.now() < end);
    outputs.out = img;
  };
  for (const concurrency of STYLES_HERE) {
    for (const userFunction of [slow, busy]) await assertAborts(folder, { userFunction, concurrency });
  }
  for (const concurrency of [THREADS, FED_THREADS]) {
    await assertAborts(folder, { userFunction: stuck, concurrency });
  }
});

Deno.test({
  name: "a run with CW_NONE ends when it is aborted, though its function never does",
  // The function holds its input open for as long as it waits, which is for ever.
  sanitizeResources: false,
  fn: async () => {
    using folder = scene();
    await assertAborts(folder, { userFunction: stuck });
  },
});

Deno.test("an error in the caller's own progress callback ends the run with that error", async () => {
  using folder = scene();
  for (const concurrency of STYLES_HERE) {
    const options: ApplyOptions = {
      ...{ ...folder.job, userFunction: copy, concurrency },
      onProgress({ done }) {
        if (done > 0) throw new URIError("no terminal");
      },
    };
    await assertFails(folder.path, options, { kind: Error, says: ["no terminal"], mayKeepBlocks: true });
  }
});

Deno.test("progress goes from none to all, and counts the workers that are there", async () => {
  using folder = scene();
  for (const concurrency of Object.values(STYLES)) {
    const seen: Progress[] = [];
    const onProgress = (progress: Progress) => seen.push(progress);
    await run({ ...folder.job, userFunction: copy, concurrency, onProgress });
    assertEquals([seen[0]!.done, seen.at(-1)!.done], [0, 24]);
    for (const [i, { done, total, workers }] of seen.entries()) {
      assert(total === 24 && done >= (seen[i - 1]?.done ?? 0), `${done} of ${total}`);
      assert(
        workers >= 0 && workers <= Math.max(1, concurrency.numComputeWorkers ?? 1),
        `${workers} workers`,
      );
    }
  }
});

/** Ways in which user code can end its thread, and what the error must say of them. */
const THREAD_ENDINGS: Readonly<Record<string, readonly [ApplyOptions["userFunction"], string]>> = {
  "Deno.exit()": [() => Deno.exit(0), "Deno.exit()"],
  "self.close()": [async () => {
    (globalThis as unknown as { close(): void }).close();
    await new Promise(() => {});
  }, "self.close()"],
  "an error in a timer": [async () => {
    setTimeout(() => {
      throw new Error("from a timer");
    }, 0);
    await new Promise(() => {});
  }, "from a timer"],
  "a rejection that no one handles": [async () => {
    Promise.reject(new Error("no one listens"));
    await new Promise(() => {});
  }, "no one listens"],
};

for (const [what, [userFunction, words]] of Object.entries(THREAD_ENDINGS)) {
  Deno.test(`a thread that ends by ${what} is an error with its cause, never a hang`, async () => {
    using folder = scene();
    for (const style of [THREADS, FED_THREADS]) {
      const concurrency = { ...style, maxWorkerLosses: 0 };
      await assertFails(folder.path, { ...folder.job, userFunction, concurrency }, {
        ...{ kind: WorkerError, says: ["worker ", "while computing block (", words], mayKeepBlocks: true },
      });
    }
  });
}

Deno.test("a thread that is lost once is replaced, and the output is as if nothing had been", async () => {
  using folder = scene();
  const marker = folder.file("lost once");
  const { workers, blocks, notices } = await run({
    ...folder.job,
    userFunction(info, { img }, outputs, { marker }) {
      if (info.getBlockCount().join() === "3,2") {
        try {
          Deno.openSync(marker, { write: true, createNew: true }).close();
          Deno.exit(1);
        } catch (error) {
          if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
        }
      }
      outputs.out = img;
    },
    ...{ otherArgs: { marker }, concurrency: THREADS },
  });
  assertEquals([workers.lost, blocks.done, blocks.total], [1, 24, 24]);
  assertStringIncludes(notices.join("\n"), "was lost while computing block (3, 2)");
});

/** Runs an `apply()` with `userFunction` in a process of its own. */
async function runElsewhere(folder: Folder, userFunction: string, concurrency: ConcurrencyStyle) {
  const module = fromFileUrl(new URL("../../mod.ts", import.meta.url));
  const job = { infiles: { img: folder.file("scene.tif") }, outfiles: { out: folder.file("out.tif") } };
  const script = `
    import { apply } from ${JSON.stringify(module)};
    await apply({ ...${JSON.stringify({ ...job, concurrency })}, userFunction: ${userFunction} });
    console.log("it went on");`;
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--config", fromFileUrl(new URL("../../deno.json", import.meta.url)), script],
    stderr: "null",
  }).output();
  return { code, wentOn: new TextDecoder().decode(stdout).includes("it went on") };
}

Deno.test("user code that ends the whole process with CW_NONE leaves no part and no lock", async () => {
  using folder = scene();
  const before = filesIn(folder.path);
  const endings = {
    "an error in a timer": `async () => {
      setTimeout(() => { throw new Error("from a timer"); }, 0);
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }`,
    "a rejection": `async () => {
      Promise.reject(new Error("no one listens"));
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }`,
    "Deno.exit()": `() => Deno.exit(0)`,
  };
  await Promise.all(
    Object.entries(endings).map(async ([what, userFunction]) => {
      const { code, wentOn } = await runElsewhere(folder, userFunction, {});
      assertEquals([code === 0, wentOn], [false, false], what);
    }),
  );
  assertEquals(filesIn(folder.path), before);
  assertEquals(Deno.readTextFileSync(folder.file("out.tif")), "an older output");
});

Deno.test("a run that ends with an error takes its error listeners away", async () => {
  using folder = scene();
  const added: string[] = [];
  const { addEventListener, removeEventListener } = globalThis;
  globalThis.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    added.push(args[0]);
    return addEventListener.apply(globalThis, args);
  };
  globalThis.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    added.splice(added.indexOf(args[0]), 1);
    return removeEventListener.apply(globalThis, args);
  };
  try {
    await assertRejects(() =>
      run({
        ...folder.job,
        userFunction() {
          throw new Error("at once");
        },
      }), WorkerError);
    await run({ ...folder.job, userFunction: copy });
  } finally {
    Object.assign(globalThis, { addEventListener, removeEventListener });
  }
  assertEquals(added, []);
});
