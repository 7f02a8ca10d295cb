/**
 * An account in a process of its own, for tests that mind what else goes on in theirs: prints its environment, and what ECS
 * needs, as one line of JSON, and ends with its standard input.
 *
 * @module
 */
import { TestAccount } from "./account.ts";
import { makeBatchStack } from "./batch_stack.ts";
import { ecsEssentials } from "./ecs_network.ts";
import { workerImages } from "./worker_image.ts";

if (import.meta.main) {
  await using account = await TestAccount.open({ images: workerImages() });
  await makeBatchStack(account);
  const essentials = await ecsEssentials(account.moto);
  console.log(JSON.stringify({ environment: account.environment(), essentials }));
  for await (const _ of Deno.stdin.readable);
}
