import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { GroupCommit } from "../../../core/journal/group_commit.ts";

/** A collector whose commits end when they are told to. */
function collector(intervalMs: number) {
  const begun: { readonly group: readonly string[]; readonly end: PromiseWithResolvers<void> }[] = [];
  const failures: unknown[] = [];
  const commits = new GroupCommit<string>({
    intervalMs,
    commit: (group) => {
      const end = Promise.withResolvers<void>();
      begun.push({ group, end });
      return end.promise;
    },
    onFailure: (error) => failures.push(error),
  });
  return { commits, begun, failures };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!condition()) {
    assert(performance.now() < deadline, "it takes too long");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

Deno.test("what comes within the interval is one group, which begins though nothing more comes", async () => {
  const { commits, begun } = collector(20);
  for (const thing of ["a", "b"]) commits.add(thing);
  await until(() => begun.length === 1);
  assertEquals(begun[0]!.group, ["a", "b"]);
  begun[0]!.end.resolve();
  assertEquals(await commits.take(), []);
});

Deno.test("what comes while a group is committed waits for it, and no longer than the interval after it", async () => {
  const { commits, begun } = collector(20);
  commits.add("a");
  await until(() => begun.length === 1);
  commits.add("b");
  await new Promise((resolve) => setTimeout(resolve, 60));
  assertEquals(begun.length, 1);
  commits.add("c");
  begun[0]!.end.resolve();
  await until(() => begun.length === 2);
  assertEquals(begun[1]!.group, ["b", "c"]);
  begun[1]!.end.resolve();
  await commits.take();
});

Deno.test("what is taken is not committed, and a group on its way is waited for", async () => {
  const { commits, begun } = collector(10);
  commits.add("a");
  await until(() => begun.length === 1);
  commits.add("b");
  const taken = commits.take();
  begun[0]!.end.resolve();
  assertEquals(await taken, ["b"]);
  await new Promise((resolve) => setTimeout(resolve, 40));
  assertEquals(begun.length, 1);
});

Deno.test("after a failure nothing more is committed, and it is told at once and to whoever asks", async () => {
  const { commits, begun, failures } = collector(10);
  commits.add("a");
  await until(() => begun.length === 1);
  commits.add("b");
  const failure = new Error("no space");
  begun[0]!.end.reject(failure);
  await until(() => failures.length > 0);
  assertEquals(failures, [failure]);
  assertThrows(() => commits.add("c"), Error, "no space");
  await assertRejects(() => commits.take(), Error, "no space");
  await new Promise((resolve) => setTimeout(resolve, 40));
  assertEquals(begun.length, 1);
});

Deno.test("a collector that was stopped commits nothing more", async () => {
  const { commits, begun } = collector(10);
  commits.add("a");
  commits.stop();
  await new Promise((resolve) => setTimeout(resolve, 40));
  assertEquals(begun.length, 0);
  assertThrows(() => commits.add("b"), Error, "stopped");
});
