import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { programCommand, type ProgramStart } from "../../cli/program_command.ts";

const START: ProgramStart = {
  standalone: false,
  path: ["/usr/bin", "/tmp/npx/node_modules/.bin"],
  mainModule: `file://${Deno.cwd()}/cli/main.ts`,
  version: "2.9.6",
  isFile: () => false,
};

function withFiles(...files: string[]): ProgramStart {
  return { ...START, isFile: (path) => files.includes(path) };
}

Deno.test({
  name: "a hint names the shortest thing that can be typed: blockfleet, deno, or npx",
  ignore: Deno.build.os === "windows",
  fn: () => {
    const main = join("cli", "main.ts");
    assertEquals(programCommand(START), `npx -y deno@2.9.6 run -A ${main}`);
    assertEquals(programCommand(withFiles("/usr/bin/deno")), `deno run -A ${main}`);
    assertEquals(programCommand(withFiles("/usr/bin/deno", "/usr/bin/blockfleet")), "blockfleet");
    assertEquals(programCommand({ ...START, standalone: true }), "blockfleet");
    // That folder is gone when npx has ended.
    assertEquals(
      programCommand(withFiles("/tmp/npx/node_modules/.bin/deno")),
      `npx -y deno@2.9.6 run -A ${main}`,
    );
    assertEquals(
      programCommand({ ...START, mainModule: "https://jsr.io/x/cli.ts" }),
      "npx -y deno@2.9.6 run -A https://jsr.io/x/cli.ts",
    );
  },
});
