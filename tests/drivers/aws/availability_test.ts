import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { awsAvailability } from "../../../drivers/aws/availability.ts";
import { parseSharedConfig } from "../../../drivers/aws/shared_config.ts";

function sources(variables: Record<string, string>, files: Record<string, string> = {}) {
  return {
    variable: (name: string) => variables[name],
    file: (path: string) => Promise.resolve(files[path]),
  };
}

async function reason(...given: Parameters<typeof sources>): Promise<string | undefined> {
  const availability = await awsAvailability(sources(...given));
  return availability.available ? undefined : availability.reason;
}

const KEYS = { AWS_ACCESS_KEY_ID: "k", AWS_SECRET_ACCESS_KEY: "s" };

Deno.test("region and credentials that are both missing are named together", async () => {
  assertMatch((await reason({}))!, /no AWS region is set.*; no AWS credentials are in sight/);
});

Deno.test("a service with a region of last resort says that it takes it, and only then", async () => {
  const lastRegion = "ap-southeast-2";
  const said = "no AWS region is set: 'ap-southeast-2' is taken";
  assertEquals(await awsAvailability(sources(KEYS), { lastRegion }), { available: true, reason: said });
  assertEquals(await awsAvailability(sources(KEYS), { lastRegion, region: "r" }), { available: true });
  assertEquals(await awsAvailability(sources({ ...KEYS, AWS_DEFAULT_REGION: "r" }), { lastRegion }), {
    available: true,
  });
  const { available, reason } = await awsAvailability(sources({}), { lastRegion });
  assertEquals(available, false);
  assertMatch(reason!, /no AWS credentials are in sight.*; no AWS region is set: 'ap-southeast-2' is taken$/);
});

Deno.test("half a pair of keys is no credentials, and the other half is named", async () => {
  const given = { AWS_REGION: "r", AWS_ACCESS_KEY_ID: "k" };
  assertEquals(
    await reason(given),
    "AWS_SECRET_ACCESS_KEY is not set, though AWS_ACCESS_KEY_ID is: set both",
  );
  const files = { "/h/.aws/config": "[default]\nsso_session = x\n" };
  assertEquals(await reason({ ...given, HOME: "/h" }, files), undefined);
});

Deno.test("a profile that is in no file is named, and keys beside it are not used, as by the SDK", async () => {
  const files = { "/h/.aws/config": "[profile work]\nregion = r\n" };
  const given = { AWS_REGION: "r", HOME: "/h", ...KEYS };
  assertStringIncludes(
    (await reason({ ...given, AWS_PROFILE: "wrok" }, files))!,
    "the profile 'wrok' that AWS_PROFILE names is in no configuration or credentials file",
  );
  assertStringIncludes(
    (await reason({ ...given, AWS_PROFILE: "work" }, files))!,
    "the profile 'work' that AWS_PROFILE names has no credentials",
  );
});

Deno.test("a region and a key in the environment are enough", async () => {
  assertEquals(await reason({ AWS_REGION: "eu-west-1", ...KEYS }), undefined);
  assertEquals(await reason({ AWS_DEFAULT_REGION: "eu-west-1", ...KEYS }), undefined);
});

Deno.test("what is missing is said with what to do", async () => {
  assertStringIncludes((await reason(KEYS))!, "set AWS_REGION");
  assertStringIncludes((await reason({ AWS_REGION: "eu-west-1", HOME: "/h" }))!, "AWS_PROFILE");
});

Deno.test("a profile has a region and credentials, whatever sort they are of", async () => {
  const config = "[profile work]\nregion = eu-west-1\nsso_session = x\n[default]\nregion=us-east-1\n";
  const files = { "/h/.aws/config": config };
  assertEquals(await reason({ HOME: "/h", AWS_PROFILE: "work" }, files), undefined);
  assertStringIncludes((await reason({ HOME: "/h" }, files))!, "no AWS credentials");
  const both = { ...files, "/c": "[default]\naws_access_key_id = k\n" };
  assertEquals(await reason({ HOME: "/h", AWS_SHARED_CREDENTIALS_FILE: "/c" }, both), undefined);
});

Deno.test("an EC2 instance has credentials from its role, unless that is turned off", async () => {
  const files = { "/sys/class/dmi/id/sys_vendor": "Amazon EC2\n" };
  assertEquals(await reason({ AWS_REGION: "r" }, files), undefined);
  assert(await reason({ AWS_REGION: "r", AWS_EC2_METADATA_DISABLED: "true" }, files));
});

Deno.test("comments, nested values and odd lines of a configuration file do no harm", () => {
  const text =
    '; c\nlost = 1\n[profile "a b"]\n# c\nregion = x \r\ns3 =\n  max = 2\n[sso-session s]\nregion=y';
  const config = parseSharedConfig(text);
  assertEquals(config.get("a b")?.get("region"), "x");
  assertEquals(config.get("a b")?.has("max"), false);
});
