/**
 * The contract that every driver must keep, on a batch system.
 *
 * @module
 */
import { driverContract } from "../driver_contract.ts";
import type { BatchCluster } from "./batch_cluster.ts";

/**
 * Registers the contract's tests; the batch system is started first and stopped after the last of them.
 *
 * @param missing why there can be none here, which in CI (BLOCKFLEET_CI=1) is a failure.
 */
export async function contractOnCluster(
  kind: string,
  start: () => Promise<BatchCluster>,
  missing?: string,
): Promise<void> {
  if (missing !== undefined) {
    if (Deno.env.get("BLOCKFLEET_CI") === "1") throw new Error(missing);
    return await driverContract(kind, { ignore: missing });
  }
  const cluster = await start();
  const home = await Deno.makeTempDir({ prefix: "blockfleet_home_" });
  const before = Deno.env.toObject();
  const cache = before.DENO_DIR ?? `${before.XDG_CACHE_HOME ?? `${before.HOME}/.cache`}/deno`;
  const own = cluster.hasOwnHomes ? { HOME: home, DENO_DIR: cache } : {};
  for (const [name, value] of Object.entries({ ...cluster.env, ...own })) Deno.env.set(name, value);
  Deno.test.afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    for (const name of Object.keys({ ...cluster.env, ...own })) {
      if (before[name] === undefined) Deno.env.delete(name);
      else Deno.env.set(name, before[name]);
    }
    await Deno.remove(home, { recursive: true });
  });
  await driverContract(kind);
}
