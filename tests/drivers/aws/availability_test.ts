import { assert, assertEquals, assertStringIncludes } from "@std/assert";
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

Deno.test("a region and a key in the environment are enough", async () => {
  assertEquals(await reason({ AWS_REGION: "eu-west-1", AWS_ACCESS_KEY_ID: "k" }), undefined);
  assertEquals(await reason({ AWS_DEFAULT_REGION: "eu-west-1", AWS_ACCESS_KEY_ID: "k" }), undefined);
});

Deno.test("what is missing is said with what to do", async () => {
  assertStringIncludes((await reason({ AWS_ACCESS_KEY_ID: "k" }))!, "set AWS_REGION");
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
