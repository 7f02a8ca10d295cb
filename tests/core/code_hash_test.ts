import { assertEquals, assertRejects } from "@std/assert";
import { ConfigError } from "../../core/errors.ts";
import { userFunctionSpec } from "../../core/user_function_spec.ts";
import { loadUserFunction, shippedHash } from "../../core/worker/user_function.ts";
import { driver } from "../../drivers/subproc.ts";
import { HeldFleet } from "../contract/held_fleet.ts";

const OTHER = "ab".repeat(32);

Deno.test("code is loaded only if it is the code that the worker was started for", async () => {
  const spec = await userFunctionSpec((n: number) => n + 1);
  assertEquals((await loadUserFunction(spec, shippedHash(spec))).call(1), 2);
  await assertRejects(() => loadUserFunction(spec, OTHER), ConfigError, "it runs no other");
  const url = `data:text/javascript,${encodeURIComponent("export default (n) => n;")}`;
  const imported = await userFunctionSpec(url, { shipCode: false });
  assertEquals(shippedHash(imported), undefined);
  await assertRejects(() => loadUserFunction(imported, OTHER), ConfigError, "it runs no other");
});

Deno.test("a worker refuses other code than its address names, whatever its manager says", async () => {
  await using held = await HeldFleet.start(driver, {
    ...{ workers: 1, extraParams: {}, codeHash: OTHER },
    userFunction: (n) => n,
  });
  const worker = await held.next();
  const job = {
    userFunction: await userFunctionSpec((n: number) => n),
    hasOtherArgs: false,
    argsABlock: false,
  };
  const init = { worker: 0, session: 1, processor: "map", job: { header: job, parts: [] } };
  worker.link.send({ type: "init", init });
  const answer = await worker.receive();
  assertEquals(answer?.type === "initError" && answer.error.message.includes("it runs no other"), true);
});
