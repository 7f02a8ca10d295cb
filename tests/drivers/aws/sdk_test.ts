import { assert, assertEquals, assertRejects } from "@std/assert";
import { ConfigError } from "../../../core/errors.ts";
import { SdkSend } from "../../../drivers/aws/sdk_send.ts";

interface GraphModule {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly isDynamic?: boolean;
    readonly code?: { readonly specifier?: string };
  }[];
}

/** Every module that is loaded by loading one. */
async function loadedBy(file: string): Promise<Set<string>> {
  const root = new URL(`../../../${file}`, import.meta.url);
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json", root.href] })
    .output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: GraphModule[] };
  const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
  const loaded = new Set<string>();
  const waiting = [root.href];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (loaded.has(next)) continue;
    loaded.add(next);
    for (const { code, isDynamic } of bySpecifier.get(next)?.dependencies ?? []) {
      if (code?.specifier !== undefined && !isDynamic) waiting.push(code.specifier);
    }
  }
  return loaded;
}

for (const file of ["mod.ts", "cli/main.ts", "core/registry.ts", "drivers/ecs.ts"]) {
  Deno.test(`loading ${file} loads no AWS SDK`, async () => {
    const loaded = await loadedBy(file);
    assertEquals([...loaded].filter((specifier) => /aws-sdk|smithy/.test(specifier)), []);
    assert(loaded.has(new URL("../../../core/errors.ts", import.meta.url).href), "the modules are followed");
  });
}

Deno.test("a name that a call does not have is refused, with the one that is meant, however deep it is", async () => {
  const send = new SdkSend({ region: "us-east-1" });
  const check = (input: object) => send.check("ecs:RegisterTaskDefinition", input, "'it'");
  await check({
    family: "f",
    containerDefinitions: [{ name: "c", logConfiguration: { options: { any: "thing" } } }],
  });
  await assertRejects(
    () => check({ family: "f", containerDefinitions: [{ name: "c" }, { Image: "i" }] }),
    ConfigError,
    "'it' has no 'containerDefinitions[1].Image': did you mean 'image'?",
  );
  await assertRejects(() => check({ famly: "f" }), ConfigError, "'it' has no 'famly': there are family,");
  await assertRejects(
    () => send.check("ec2:RunInstances", { imageId: "ami" }, "'it'"),
    ConfigError,
    "did you mean 'ImageId'?",
  );
  send.destroy();
});
