import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { KEY_VARIABLE } from "../../core/channel/address_file.ts";
import { formatChannelAddress } from "../../core/channel/channel_address.ts";
import { CW_SUBPROC } from "../../core/kinds.ts";
import { mapBlocks } from "../../core/map_blocks.ts";

const MAIN = fromFileUrl(new URL("../../cli/main.ts", import.meta.url));
const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));
const ADDRESS_FILE = new URL("../../core/channel/address_file.ts", import.meta.url).href;
const KEY = new Uint8Array(32).fill(7).toBase64({ alphabet: "base64url", omitPadding: true });
const ADDRESS = formatChannelAddress({
  ...{ runId: "0123456789abcdef", hosts: ["127.0.0.1"], port: 1 },
  certificate: undefined,
  codeHash: undefined,
});
const ignore = Deno.build.os !== "linux";

async function deno(
  args: readonly string[],
  { input = "", env = {} },
): Promise<{ code: number; said: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--cached-only", ...args],
    env: { ...env, NO_COLOR: "1" },
    ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  return { code, said: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

Deno.test({
  name: "a worker that may read everything finds the run's key in no environment and no command line",
  ignore,
  fn: async () => {
    const blocks = mapBlocks({
      userFunction: () => {
        const texts = [Deno.pid, Deno.ppid].flatMap((pid) =>
          ["environ", "cmdline"].map((file) => Deno.readTextFileSync(`/proc/${pid}/${file}`))
        );
        const environment = Object.entries(Deno.env.toObject()).join("\n");
        return [...texts, environment].map((text) => /BLOCKFLEET_KEY/.test(text) || text === "");
      },
      blocks: [1],
      concurrency: {
        computeWorkerKind: CW_SUBPROC,
        numComputeWorkers: 1,
        workerPermissions: ["--allow-all"],
      },
    });
    for await (const { result } of blocks) assertEquals(result, Array(5).fill(false));
  },
});

Deno.test("a worker process asks no server for a newer Deno", async () => {
  // It has this variable even where this program does not.
  Deno.env.delete("DENO_NO_UPDATE_CHECK");
  const blocks = mapBlocks({
    userFunction: () => Deno.env.get("DENO_NO_UPDATE_CHECK"),
    blocks: [1],
    concurrency: {
      computeWorkerKind: CW_SUBPROC,
      numComputeWorkers: 1,
      workerPermissions: ["--allow-env"],
    },
  });
  for await (const { result } of blocks) assertEquals(result, "1");
});

Deno.test({
  name: "a key that came in the environment is erased from the one that the process was started with",
  ignore,
  fn: async () => {
    const script = `import { takeKeyFromEnvironment } from ${JSON.stringify(ADDRESS_FILE)};
      const before = Deno.readTextFileSync("/proc/self/environ");
      const key = takeKeyFromEnvironment(console.log);
      const after = Deno.readTextFileSync("/proc/self/environ");
      console.log(key[0], before.includes("${KEY}"), after.includes("${KEY}"), after.includes("OTHER=kept"));`;
    const { said } = await deno([
      "-A",
      "--config",
      CONFIG,
      `data:text/javascript,${encodeURIComponent(script)}`,
    ], {
      env: { [KEY_VARIABLE]: KEY, OTHER: "kept" },
    });
    assertEquals(said, "7 true false true\n");
  },
});

Deno.test("a worker takes its key from the first line of its standard input, and refuses one that is none", async () => {
  const address = ["-A", MAIN, "worker", "--channel", ADDRESS, "--stdin-key"];
  const cases = [["", "first line of standard input"], ["AAAA\n", "32 bytes"]] as const;
  for (const [input, says] of cases) {
    const { code, said } = await deno(address, { input });
    assertStringIncludes(said, says);
    assertEquals(code, 2);
  }
});
