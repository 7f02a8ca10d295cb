import { assert, assertEquals } from "@std/assert";
import { OpenFiles } from "../../core/open_files.ts";

Deno.test("open files are counted when it is asked, not each time, and each that asks is taken to open one", () => {
  let counted = 0;
  const files = new OpenFiles({
    limit: () => 100,
    count: () => {
      counted++;
      return 40;
    },
  });
  assertEquals(counted, 0);
  assertEquals([files.free(), files.free(), files.free()], [60, 59, 58]);
  assertEquals(counted, 1);
  for (let question = 0; question < 100; question++) assert(files.free() > 40);
  assert(counted > 3 && counted < 20, `${counted} counts for a hundred questions`);
});

Deno.test("where the system does not say how many files may be open, there is no end of them", () => {
  const files = new OpenFiles({ limit: () => undefined, count: () => undefined });
  assertEquals([files.limit, files.free()], [Infinity, Infinity]);
});

Deno.test({
  name: "a file that is opened is one that can't be opened any more",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const limit = Number(await outputOf("sh", ["-c", "ulimit -n"]));
    assertEquals(new OpenFiles().limit, limit);
    const before = new OpenFiles().free();
    const held = Array.from({ length: 10 }, () => Deno.openSync("/dev/null"));
    const after = new OpenFiles().free();
    for (const file of held) file.close();
    assertEquals(before - after, 10);
  },
});

async function outputOf(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await new Deno.Command(program, { args: [...args] }).output();
  return new TextDecoder().decode(stdout).trim();
}
