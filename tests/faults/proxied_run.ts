/**
 * A run whose workers reach their manager through a proxy.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";
import { FaultProxy } from "./fault_proxy.ts";
import type { FaultRun } from "./fault_run.ts";
import type { FaultScene } from "./fault_scene.ts";

const DRIVER = fromFileUrl(new URL("proxied_driver.ts", import.meta.url));

/** A proxy for one run of a scene. */
export function proxyFor(scene: FaultScene): FaultProxy {
  return new FaultProxy(() => Number(Deno.readTextFileSync(scene.file("port"))));
}

/** Runs the job through the proxy. */
export function proxiedRun(scene: FaultScene, proxy: FaultProxy, args: readonly string[]): FaultRun {
  const params = JSON.stringify({ port: proxy.port, portFile: scene.file("port") });
  return scene.run([...["--driver", DRIVER, "--kind", "CW_PROXIED", "--extra-params", params], ...args]);
}
