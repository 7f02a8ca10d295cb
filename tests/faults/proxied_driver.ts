/**
 * `CW_PROXIED`: `CW_SUBPROC` whose workers are told another port than the manager's, that of a test's proxy. Its extra
 * parameters are that `port`, and a file `portFile` that the manager's is written into.
 *
 * @module
 */
import { formatChannelAddress, parseChannelAddress } from "../../core/channel/channel_address.ts";
import type { Driver, HostedChannel } from "../../core/driver.ts";
import { driver as subproc } from "../../drivers/subproc.ts";

/** The driver. */
export const driver: Driver = {
  ...subproc,
  kind: "CW_PROXIED",
  start: (spec, context) =>
    subproc.start(spec, {
      ...context,
      async openChannel(reach) {
        const channel = await context.openChannel(reach);
        Deno.writeTextFileSync(String(spec.extraParams["portFile"]), String(channel.port));
        return throughProxy(channel, Number(spec.extraParams["port"]));
      },
    }),
};

function throughProxy(channel: HostedChannel, port: number): HostedChannel {
  const [option, text] = channel.workerArguments;
  const address = formatChannelAddress({ ...parseChannelAddress(text!), port });
  const changed: Readonly<Record<PropertyKey, unknown>> = { port, workerArguments: [option, address] };
  return new Proxy(channel, {
    get(target, name) {
      const value = name in changed ? changed[name] : Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
