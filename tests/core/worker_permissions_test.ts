import { assertEquals } from "@std/assert";
import { CW_SUBPROC } from "../../core/kinds.ts";
import { mapBlocks } from "../../core/map_blocks.ts";

/** What a user function on CW_SUBPROC may know of two variables: their values, or that it may not. */
async function variablesSeen(workerPermissions: readonly string[]): Promise<unknown> {
  const blocks = mapBlocks({
    userFunction: (name: string) => {
      try {
        return Deno.env.get(name);
      } catch (error) {
        return (error as Error).name;
      }
    },
    blocks: ["BLOCKFLEET_TEST_A", "BLOCKFLEET_TEST_B", "NO_COLOR"],
    concurrency: { computeWorkerKind: CW_SUBPROC, numComputeWorkers: 1, workerPermissions },
  });
  const seen: unknown[] = [];
  for await (const { index, result } of blocks) seen[index] = result;
  return seen;
}

Deno.test("a user function in a process reads the variables that it is allowed: none, a list, or all", async () => {
  Deno.env.set("BLOCKFLEET_TEST_A", "a");
  Deno.env.set("BLOCKFLEET_TEST_B", "b");
  const no = "NotCapable";
  try {
    const [none, list, lists, all, both] = await Promise.all([
      [],
      ["--allow-env=BLOCKFLEET_TEST_A"],
      ["--allow-env=BLOCKFLEET_TEST_A", "--allow-env=BLOCKFLEET_TEST_B"],
      ["--allow-env"],
      // Deno alone would take no notice of the one without a list.
      ["--allow-env=BLOCKFLEET_TEST_A", "--allow-env"],
    ].map(variablesSeen));
    assertEquals({ none, list, lists, all, both }, {
      none: [no, no, "1"],
      list: ["a", no, "1"],
      lists: ["a", "b", "1"],
      all: ["a", "b", "1"],
      both: ["a", "b", "1"],
    });
  } finally {
    Deno.env.delete("BLOCKFLEET_TEST_A");
    Deno.env.delete("BLOCKFLEET_TEST_B");
  }
});
