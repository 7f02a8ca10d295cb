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
  "AWS_ACCESS_KEY_ID",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];
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

/** Whether a region is set and credentials are likely; neither is tried. */
export async function awsAvailability(sources: AvailabilitySources = HERE): Promise<Availability> {
  try {
    const { variable } = sources;
    const profile = variable("AWS_PROFILE") ?? "default";
    const [config, credentials] = await Promise.all([
      sharedFile(sources, "AWS_CONFIG_FILE", "config"),
      sharedFile(sources, "AWS_SHARED_CREDENTIALS_FILE", "credentials"),
    ]);
    const region = variable("AWS_REGION") ?? variable("AWS_DEFAULT_REGION") ??
      config.get(profile)?.get("region") ?? credentials.get(profile)?.get("region");
    if (!region) return no(`no AWS region is set: set AWS_REGION, or region in the profile '${profile}'`);
    if (CREDENTIAL_VARIABLES.some((name) => variable(name))) return { available: true };
    const keys = [...config.get(profile)?.keys() ?? [], ...credentials.get(profile)?.keys() ?? []];
    if (keys.some((key) => CREDENTIAL_KEYS.test(key))) return { available: true };
    if (variable("AWS_EC2_METADATA_DISABLED") !== "true" && await isAmazonMachine(sources)) {
      return { available: true };
    }
    return no(
      `no AWS credentials are in sight: set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, ` +
        "or run on an EC2 instance that has a role",
    );
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
