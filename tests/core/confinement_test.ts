import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { CW_SUBPROC } from "../../core/kinds.ts";
import { mapBlocks } from "../../core/map_blocks.ts";
import { workerCommand } from "../../core/worker_command.ts";
import { withWorkerPermissions } from "../../core/worker/permission_words.ts";
import { tempFolder } from "../gdal.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/** Calls a function once for each block in a confined process. */
async function confined(
  userFunction: (block: never) => unknown,
  blocks: readonly unknown[],
): Promise<unknown[]> {
  const results: unknown[] = [];
  const concurrency = { computeWorkerKind: CW_SUBPROC, numComputeWorkers: 1 };
  for await (
    const { index, result } of mapBlocks({ userFunction: userFunction as never, blocks, concurrency })
  ) {
    results[index] = result;
  }
  return results;
}

/** Runs `act` while Deno's folder is another one, which has the packages of the usual one. */
async function withDenoFolder(path: string, act: () => Promise<void>): Promise<void> {
  const { denoDir } = JSON.parse(
    new TextDecoder().decode(
      new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).outputSync().stdout,
    ),
  );
  Deno.symlinkSync(`${denoDir}/npm`, `${path}/npm`);
  const before = Deno.env.get("DENO_DIR");
  Deno.env.set("DENO_DIR", path);
  try {
    await act();
  } finally {
    if (before === undefined) Deno.env.delete("DENO_DIR");
    else Deno.env.set("DENO_DIR", before);
  }
}

Deno.test("a confined function can't read what lies in the clone besides our sources, nor Deno's history", async () => {
  using folder = tempFolder();
  const history = folder.file("deno_history.txt");
  Deno.writeTextFileSync(history, "const password = 1");
  const read = (path: string) => {
    try {
      return Deno.statSync(path).isFile || Deno.statSync(path).isDirectory;
    } catch (error) {
      return (error as Error).name;
    }
  };
  await withDenoFolder(folder.path, async () => {
    const paths = [".git", "README.md", "examples", "tests", "deno.lock"].map((name) => ROOT + name);
    assertEquals(await confined(read, [...paths, history, folder.path]), Array(7).fill("NotCapable"));
  });
});

Deno.test("a confined function, and a thread that it starts, can keep nothing in web storage", async () => {
  using folder = tempFolder();
  const keep = async (way: string) => {
    const names = ["localStorage", "sessionStorage", "indexedDB"].filter((name) => name in globalThis);
    const code = 'const store = await caches.open("a"); await store.put("http://a/b", new Response("kept"));';
    try {
      if (way === "set back") Deno.env.delete("DENO_CACHE_LSC_ENDPOINT");
      else if (way === "here") await (await caches.open("a")).put("http://a/b", new Response("kept"));
      else {
        const url = `data:text/javascript,${encodeURIComponent(`${code}; postMessage("kept");`)}`;
        const thread = new Worker(url, { type: "module" });
        const end = Promise.withResolvers();
        thread.onmessage = ({ data }) => end.resolve(data);
        thread.onerror = (event) => {
          event.preventDefault();
          end.reject(new Error(event.message));
        };
        await end.promise.finally(() => thread.terminate());
      }
      names.push("kept");
    } catch (error) {
      names.push((error as Error).name);
    }
    return names;
  };
  await withDenoFolder(folder.path, async () => {
    const results = await confined(keep, ["here", "thread", "set back"]);
    assertEquals(results, [["Error"], ["Error"], ["NotCapable"]]);
    assertEquals([...Deno.readDirSync(folder.path)].filter(({ name }) => name === "location_data"), []);
  });
});

Deno.test("Deno's advice to run again with a flag becomes advice on the option that gives it to workers", () => {
  const refusal = (wanted: string, flag: string) => `Requires ${wanted}, run again with the ${flag} flag`;
  const cases = [
    [refusal('read access to "my lut.txt"', "--allow-read"), `"--allow-read=my lut.txt"`],
    [refusal('env access to "K"', "--allow-env"), `"--allow-env=K"`],
    [refusal('net access to "host:80"', "--allow-net"), `"--allow-net=host:80"`],
    [refusal("env access", "--allow-env"), `"--allow-env"`],
    [refusal('read access to "a,b"', "--allow-read"), `"--allow-read"`],
    [refusal('all access to "/proc/self/environ"', "--allow-all"), `"--allow-all"`],
  ] as const;
  for (const [text, given] of cases) {
    const advice = withWorkerPermissions(`Cannot open 'x': ${text}. Again: ${text}`);
    assertEquals(advice.split(`workerPermissions (--worker-permissions ${given})`).length, 3, advice);
    assertEquals(advice.includes("run again"), false);
  }
});

Deno.test("the error of a confined function names the option that allows what it wants", async () => {
  let message = "";
  try {
    await confined(() => Deno.readTextFileSync("lut.txt"), [1]);
  } catch (error) {
    message = (error as Error).message;
  }
  assertStringIncludes(message, `--worker-permissions "--allow-read=lut.txt"`);
});

Deno.test("a confined function can't import packages besides our own, and leaves the clone's lock file as it is", async () => {
  const lockFile = `${ROOT}deno.lock`;
  const before = Deno.readTextFileSync(lockFile);
  const wanted = async (specifier: string) => {
    try {
      await new Function("specifier", "return import(specifier)")(specifier);
      return "imported";
    } catch (error) {
      return (error as Error).name;
    }
  };
  const results = await confined(wanted, ["npm:acorn", "npm:no-such-package-of-blockfleet@1.0.0"]);
  assertEquals(results, ["TypeError", "TypeError"]);
  assertEquals(Deno.readTextFileSync(lockFile), before);
});

Deno.test("the error of a refused package says that packages are bundled with the module that imports them", async () => {
  let message = "";
  try {
    await confined(() => new Function("return import('npm:acorn')")(), [1]);
  } catch (error) {
    message = (error as Error).message;
  }
  assertStringIncludes(message, "npm:acorn was wanted: import it by its name at the top of your module");
  assertEquals(message.includes("--frozen"), false, message);
});

Deno.test("workers that import the user's module from its place may import its packages", () => {
  const access = { read: [], net: [] };
  assertEquals(workerCommand(access, []).includes("--frozen"), true);
  assertEquals(workerCommand({ ...access, importsModule: true }, []).includes("--frozen"), false);
  assertEquals(workerCommand(undefined, []).includes("--frozen"), false);
});
