/**
 * What a run has outside its own memory, opened when its driver first asks: the data channel and the register.
 *
 * @module
 */
import type { ChannelHost, ChannelHostOptions } from "./channel/channel_host.ts";
import type { Driver } from "./driver.ts";
import { driverModuleOf } from "./driver_modules.ts";
import type { FileRegister } from "./register/file_register.ts";

/** What they are opened with. */
export interface RunPlacesOptions
  extends Pick<ChannelHostOptions, "runId" | "style" | "codeHash" | "job" | "workers" | "attach" | "notice"> {
  /** The driver. */
  readonly driver: Driver;
  /** The user's name for the job. */
  readonly jobName: string | undefined;
}

/** A run's channel and register. Their modules are loaded here: runs in threads alone need none of them. */
export class RunPlaces {
  readonly #options: RunPlacesOptions;
  #channel: Promise<ChannelHost> | undefined;
  #register: Promise<FileRegister> | undefined;

  /** Nothing is opened yet. */
  constructor(options: RunPlacesOptions) {
    this.#options = options;
  }

  /**
   * The data channel.
   *
   * @throws {ConfigError} if there is no such interface, no free port, or nothing to advertise.
   */
  channel(reach: "machine" | "network"): Promise<ChannelHost> {
    return this.#channel ??= this.#openChannel(reach);
  }

  /**
   * The register.
   *
   * @throws {ConfigError} if its folder can't be made or is not private.
   * @throws {BlockfleetError} if it can't be written.
   */
  register(): Promise<FileRegister> {
    return this.#register ??= this.#openRegister();
  }

  /** Closes the channel, if it is open. */
  async closeChannel(): Promise<void> {
    const channel = await settled(this.#channel);
    await channel?.close("the run is over");
  }

  /** Closes the register, if there is one, and says what may be left. May be called again. */
  async closeRegister(): Promise<void> {
    const register = await settled(this.#register);
    this.#register = undefined;
    const left = await register?.close() ?? [];
    if (left.length === 0) return;
    const counts = Map.groupBy(left, ({ type }) => type);
    const what = [...counts].map(([type, things]) => `${things.length} x ${type}`).join(", ");
    const { runId, notice } = this.#options;
    notice(`Something of this run may be left (${what}): remove it with blockfleet cleanup --run ${runId}`);
  }

  async #openChannel(reach: "machine" | "network"): Promise<ChannelHost> {
    const { driver: _driver, jobName: _jobName, ...options } = this.#options;
    const { ChannelHost } = await import("./channel/channel_host.ts");
    return await ChannelHost.open({
      ...options,
      reach,
      addressFileNext: async (path) => await (await this.register()).noteAddressFile(path),
    });
  }

  async #openRegister(): Promise<FileRegister> {
    const { runId, jobName, notice, driver } = this.#options;
    const { FileRegister } = await import("./register/file_register.ts");
    const driverModule = driverModuleOf(driver);
    return await FileRegister.open({ runId, jobName, notice, driverModule, kind: driver.kind });
  }
}

/** Whoever asked for what could not be opened has been told. */
async function settled<T>(opening: Promise<T> | undefined): Promise<T | undefined> {
  try {
    return await opening;
  } catch {
    return undefined;
  }
}
