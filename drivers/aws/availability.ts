/**
 * Whether AWS can be called from here, as far as can be told without calling it.
 *
 * @module
 */
import type { Availability } from "../../core/driver.ts";
import { messageOf } from "../../core/errors.ts";
import { parseSharedConfig, type SharedConfig } from "./shared_config.ts";

/** Variables that each lead to credentials by themselves. */
const CREDENTIAL_VARIABLES = [
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];
/** Variables that do so together. */
const OWN_KEYS = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
/** Keys of a profile that lead to credentials. */
const CREDENTIAL_KEYS =
  /^(aws_access_key_id|role_arn|sso_session|sso_start_url|credential_process|web_identity_token_file|login_session)$/;
/** Where Linux says what machine it is on: Amazon's have the first, Xen's of old the second. */
const MACHINE_FILES = ["/sys/class/dmi/id/sys_vendor", "/sys/hypervisor/uuid"];

/** Where to look; the defaults are this process's environment and files. */
export interface AvailabilitySources {
  /** A variable of the environment. */
  variable(name: string): string | undefined;
  /** A file's text; undefined if it can't be read. */
  file(path: string): Promise<string | undefined>;
}

/** A service's own rules for its region. */
export interface RegionRules {
  /** The region that was chosen for this service. */
  readonly region?: string | undefined;
  /** What is taken where none is set at all. */
  readonly lastRegion?: string;
}

/** Whether a region is set and credentials are likely; neither is tried. */
export async function awsAvailability(
  sources: AvailabilitySources = HERE,
  { region: chosen, lastRegion }: RegionRules = {},
): Promise<Availability> {
  try {
    const { variable } = sources;
    const profile = variable("AWS_PROFILE") ?? "default";
    const [config, credentials] = await Promise.all([
      sharedFile(sources, "AWS_CONFIG_FILE", "config"),
      sharedFile(sources, "AWS_SHARED_CREDENTIALS_FILE", "credentials"),
    ]);
    const region = chosen ?? variable("AWS_REGION") ?? variable("AWS_DEFAULT_REGION") ??
      config.get(profile)?.get("region") ?? credentials.get(profile)?.get("region");
    const keys = [...config.get(profile)?.keys() ?? [], ...credentials.get(profile)?.keys() ?? []];
    const hasCredentials = hasOwnKeys(sources) || CREDENTIAL_VARIABLES.some((name) => variable(name)) ||
      keys.some((key) => CREDENTIAL_KEYS.test(key)) ||
      variable("AWS_EC2_METADATA_DISABLED") !== "true" && await isAmazonMachine(sources);
    const isKnown = config.has(profile) || credentials.has(profile);
    const missing = [
      ...region || lastRegion
        ? []
        : [`no AWS region is set: set AWS_REGION, or region in the profile '${profile}'`],
      ...hasCredentials ? [] : [withoutCredentials(sources, isKnown)],
    ];
    const fallback = region || !lastRegion ? [] : [`no AWS region is set: '${lastRegion}' is taken`];
    const reason = [...missing, ...fallback].join("; ");
    if (missing.length > 0) return no(reason);
    return reason === "" ? { available: true } : { available: true, reason };
  } catch (error) {
    return no(`whether there are AWS credentials can't be told: ${messageOf(error)}`);
  }
}

const HERE: AvailabilitySources = {
  variable: (name) => Deno.env.get(name) || undefined,
  async file(path) {
    try {
      return await Deno.readTextFile(path);
    } catch (error) {
      if (error instanceof Error) return undefined;
      throw error;
    }
  },
};

/** A profile that is chosen goes before keys in the environment, which the SDK then leaves alone. */
function hasOwnKeys({ variable }: AvailabilitySources): boolean {
  return !variable("AWS_PROFILE") && OWN_KEYS.every((name) => variable(name));
}

function withoutCredentials({ variable }: AvailabilitySources, isKnown: boolean): string {
  const profile = variable("AWS_PROFILE");
  if (profile && !isKnown) {
    return `the profile '${profile}' that AWS_PROFILE names is in no configuration or credentials file: ` +
      "name another, or make it with aws configure";
  }
  if (profile) return `the profile '${profile}' that AWS_PROFILE names has no credentials: name another`;
  const absent = OWN_KEYS.filter((name) => !variable(name));
  if (absent.length === 1) {
    return `${absent[0]} is not set, though ${OWN_KEYS.find((name) => variable(name))} is: set both`;
  }
  return `no AWS credentials are in sight: set AWS_PROFILE or ${OWN_KEYS.join(" and ")}, ` +
    "or run on an EC2 instance that has a role";
}

function no(reason: string): Availability {
  return { available: false, reason };
}

async function sharedFile(
  { variable, file }: AvailabilitySources,
  name: string,
  fallback: string,
): Promise<SharedConfig> {
  const home = variable("HOME") ?? variable("USERPROFILE");
  const path = variable(name) ?? (home && `${home}/.aws/${fallback}`);
  return parseSharedConfig(path ? await file(path) ?? "" : "");
}

async function isAmazonMachine({ file }: AvailabilitySources): Promise<boolean> {
  const texts = await Promise.all(MACHINE_FILES.map((path) => file(path)));
  return texts.some((text) => /^(Amazon EC2|ec2)/.test(text ?? ""));
}
