/** The job that tests whether workers will reach their manager: with the network that the run would use. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { FleetSpec } from "../../../core/driver.ts";
import { ConfigError } from "../../../core/errors.ts";
import { checkedParams } from "../../../drivers/batch_queue/batch_driver.ts";
import { previewProbe } from "../../../drivers/batch_queue/probe.ts";
import { slurm } from "../../../drivers/slurm/slurm_scheduler.ts";

function probe(
  wishes: Pick<FleetSpec, "channel" | "haveSharedTemp">,
  given: Record<string, unknown> = {},
): { here: string; script: string } {
  const { steps } = previewProbe(slurm, checkedParams(slurm, given), wishes);
  return { here: steps[0]!.text, script: steps[1]!.text };
}

Deno.test("a probe listens on and tries the port and the hosts that the run would have", () => {
  const channel = { advertise: ["login1-ib", "10.0.0.7"], ports: { lowest: 31_000, highest: 31_010 } };
  const { here, script } = probe({ channel, haveSharedTemp: true });
  assertStringIncludes(here, "port: 31000");
  assertStringIncludes(script, "for host in login1-ib 10.0.0.7; do");
  assertStringIncludes(script, '"$host" 31000 2>');
});

Deno.test("a probe of an interface listens on that alone", () => {
  const { here, script } = probe({ channel: { networkInterface: "lo" }, haveSharedTemp: true });
  assertStringIncludes(here, 'hostname: "127.0.0.1"');
  assertStringIncludes(script, "for host in 127.0.0.1; do");
  assertThrows(
    () => probe({ channel: { networkInterface: "none0" }, haveSharedTemp: true }),
    ConfigError,
    "no network interface 'none0'",
  );
});

Deno.test("without a shared folder a probe makes no file and looks for none", () => {
  const channel = { advertise: ["login1"] };
  const shared = probe({ channel, haveSharedTemp: true });
  const alone = probe({ channel, haveSharedTemp: false });
  assertEquals([shared.here, shared.script].map((text) => text.includes("/probe/channel")), [true, true]);
  assertEquals([alone.here, alone.script].map((text) => text.includes("/probe/channel")), [false, false]);
  assertStringIncludes(alone.script, "program: ok");
});

Deno.test("a probe has a time limit of its own, whatever the workers have", () => {
  const { script } = probe({ channel: { advertise: ["a"] }, haveSharedTemp: true }, {
    ...{ walltime: "10h", terminateGrace: 600 },
  });
  assertStringIncludes(script, "#SBATCH --time=00:03:00");
  assert(script.includes("#SBATCH --signal=B:TERM@1\n"), script);
});
