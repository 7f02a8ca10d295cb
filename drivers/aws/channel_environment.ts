/**
 * How a worker in a container learns where its manager is.
 *
 * @module
 */
import { CHANNEL_VARIABLE, KEY_VARIABLE } from "../../core/channel/address_file.ts";
import type { HostedChannel } from "../../core/driver.ts";
import { DriverError } from "../../core/errors.ts";

/** What stands in a preview in place of {@linkcode channelEnvironment}. */
export const PLACEHOLDER_ENVIRONMENT: Readonly<Record<string, string>> = {
  [CHANNEL_VARIABLE]: "<address of the manager>",
  [KEY_VARIABLE]: "<key>",
};

/**
 * The variables that lead a worker to the manager: the address, with the certificate in it, and the key. None of it stands in
 * a command, which shows in process lists and consoles.
 *
 * @throws {DriverError} if the channel has no address that can be passed on.
 */
export function channelEnvironment(channel: HostedChannel): Record<string, string> {
  const [option, address, ...rest] = channel.workerArguments;
  if (option !== "--channel" || address === undefined || rest.length > 0) {
    throw new DriverError(`The channel's address can't be put into a container's environment: '${option}'`);
  }
  return { [CHANNEL_VARIABLE]: address, ...channel.workerEnvironment };
}
