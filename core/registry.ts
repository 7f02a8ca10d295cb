/**
 * Finds the driver of a kind. The built-in ones are loaded when they are used; a stranger's is registered.
 *
 * @module
 */
import { closestName } from "./closest_name.ts";
import type { Driver } from "./driver.ts";
import { ConfigError, messageOf } from "./errors.ts";
import {
  type ComputeWorkerKind,
  CW_AWSBATCH,
  CW_ECS,
  CW_NONE,
  CW_PBS,
  CW_SGE,
  CW_SLURM,
  CW_SUBPROC,
  CW_THREADS,
} from "./kinds.ts";
import { rememberDriverModule } from "./driver_modules.ts";
import { ComputeWorkerManager } from "./manager.ts";
import { requireAvailable } from "./require_available.ts";
import { ShipError } from "./ship/ship_error.ts";

/** What is known of one kind. */
export interface KindStatus {
  /** Its name. */
  readonly kind: ComputeWorkerKind;
  /** Whether this version has it: true of all that RIOS has. */
  readonly built: boolean;
  /** Whether it can run here. */
  readonly available: boolean;
  /** Why not; or what the user should know of it. */
  readonly reason?: string;
}

type Loader = () => Promise<{ readonly driver: Driver }>;

/** The kinds by name. */
const KINDS = new Map<ComputeWorkerKind, Loader>([
  [CW_NONE, () => import("../drivers/none.ts")],
  [CW_THREADS, () => import("../drivers/threads.ts")],
  [CW_SUBPROC, () => import("../drivers/subproc.ts")],
  [CW_PBS, () => import("../drivers/pbs.ts")],
  [CW_SLURM, () => import("../drivers/slurm.ts")],
  [CW_SGE, () => import("../drivers/sge.ts")],
  [CW_ECS, () => import("../drivers/ecs.ts")],
  [CW_AWSBATCH, () => import("../drivers/aws_batch.ts")],
]);

const registered = new Map<ComputeWorkerKind, Driver>();

/**
 * Makes a driver known under its kind's name.
 *
 * @throws {ConfigError} if it is no driver, or its kind is another driver's.
 */
export function registerDriver(driver: Driver): void {
  checkDriver(driver, "registerDriver()");
  if (KINDS.has(driver.kind) && registered.get(driver.kind) !== driver) {
    throw new ConfigError(
      `Cannot register a driver for ${driver.kind}: there is one. Give yours another name`,
    );
  }
  registered.set(driver.kind, driver);
  KINDS.set(driver.kind, () => Promise.resolve({ driver }));
}

/**
 * Loads a module that exports a driver as `driver` or as its default, and registers it.
 *
 * @param specifier a path (from the current folder) or URL.
 * @throws {ConfigError} if it can't be loaded or exports no driver.
 */
export async function loadDriverModule(specifier: string): Promise<Driver> {
  const { toModuleUrl } = await import("./module_url.ts");
  const url = toModuleUrl(specifier);
  let exports: Record<string, unknown>;
  try {
    exports = await importDriver(url);
  } catch (error) {
    const why = error instanceof ShipError
      ? `${error.reason}. A compiled program needs it in one self-contained file`
      : messageOf(error);
    throw new ConfigError(`Cannot load the driver '${specifier}': ${why}`, { cause: error });
  }
  const driver = exports.driver ?? exports.default;
  checkDriver(driver, `'${specifier}'`);
  registerDriver(driver);
  rememberDriverModule(driver, url);
  return driver;
}

/** A compiled program can't import a file that is not in it, but can load the text of one. */
async function importDriver(url: URL): Promise<Record<string, unknown>> {
  if (!Deno.build.standalone) return await import(url.href);
  const { bundleModule } = await import("./ship/bundle_module.ts");
  const { loadShippedCode } = await import("./ship/shipped_code.ts");
  return await loadShippedCode(await bundleModule(url));
}

/**
 * The driver of a kind, whether it can run here or not.
 *
 * @throws {ConfigError} if there is no such kind.
 */
export async function findDriver(kind: ComputeWorkerKind): Promise<Driver> {
  const loader = KINDS.get(kind);
  if (!loader) {
    throw new ConfigError(
      `There is no kind '${kind}'${meantKind(kind)} The kinds are ${[...KINDS.keys()].join(", ")}`,
    );
  }
  return (await loader()).driver;
}

/** A question for a kind's name that comes near one, also without its `CW_`; else the end of the sentence. */
function meantKind(given: string): string {
  const bare = (kind: string) => kind.replace(/^CW_/i, "");
  const name = closestName(bare(given), [...KINDS.keys()].map(bare));
  return name === undefined ? "." : `: did you mean CW_${name}?`;
}

/**
 * The driver of a kind.
 *
 * @throws {ConfigError} if there is no such kind.
 * @throws {UnavailableError} if it can't run here.
 */
export async function getDriver(kind: ComputeWorkerKind): Promise<Driver> {
  const driver = await findDriver(kind);
  await requireAvailable(driver);
  return driver;
}

/**
 * A compute-worker manager of the given kind, as RIOS's function of this name.
 *
 * @throws what {@linkcode getDriver} throws.
 */
export async function getComputeWorkerManager(kind: ComputeWorkerKind): Promise<ComputeWorkerManager> {
  return new ComputeWorkerManager(await getDriver(kind));
}

/** Every kind there is, and whether it can run here. */
export async function listKinds(): Promise<KindStatus[]> {
  return await Promise.all([...KINDS].map(async ([kind, loader]): Promise<KindStatus> => {
    const { driver } = await loader();
    return { kind, built: true, ...await driver.available() };
  }));
}

function checkDriver(value: unknown, where: string): asserts value is Driver {
  const driver = value as Partial<Driver> | null | undefined;
  const missing = [
    ...typeof driver?.kind === "string" ? [] : ["kind"],
    ...typeof driver?.available === "function" ? [] : ["available()"],
    ...typeof driver?.start === "function" ? [] : ["start()"],
  ];
  if (missing.length > 0) {
    throw new ConfigError(
      `${where} gives no driver: it must export one as "driver" or as its default, and ${
        missing.join(", ")
      } is missing`,
    );
  }
  if (!/^CW_[A-Z0-9_]+$/.test(driver!.kind!)) {
    throw new ConfigError(
      `${where} gives a driver of the kind '${driver!.kind}': a kind's name is CW_ and capitals`,
    );
  }
}
