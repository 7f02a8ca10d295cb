import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import {
  defaultAddressFolder,
  KEY_VARIABLE,
  readAddressFile,
  removeAddressFile,
  takeKeyFromEnvironment,
  writeAddressFile,
} from "../../../core/channel/address_file.ts";
import { advertisedAddresses } from "../../../core/channel/advertised_addresses.ts";
import { makeCertificate } from "../../../core/channel/certificate.ts";
import {
  type ChannelAddress,
  formatChannelAddress,
  parseChannelAddress,
} from "../../../core/channel/channel_address.ts";
import { ChannelServer } from "../../../core/channel/channel_server.ts";
import { ConfigError } from "../../../core/errors.ts";
import { freshKey, TestServer } from "./channel_support.ts";

const ADDRESS: ChannelAddress = {
  runId: "0f8b-run",
  hosts: ["10.1.2.3", "login1.cluster.example", "2001:db8::7"],
  port: 30123,
  certificate: undefined,
  codeHash: "ab".repeat(32),
};

const hasModes = Deno.build.os !== "windows";

async function withHome(test: (home: string) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    await test(home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("an address survives as text, and no character of it means anything to a shell", async () => {
  const { der: certificate } = await makeCertificate("0f8b-run");
  for (const address of [ADDRESS, { ...ADDRESS, certificate, codeHash: undefined }]) {
    const text = formatChannelAddress(address);
    assertEquals(parseChannelAddress(`${text}\n`), address);
    assert(/^[A-Za-z0-9:.,/_-]+$/.test(text), text);
    assert(text.length < 800, "it has its place in an ECS override");
  }
  assertEquals(
    formatChannelAddress(ADDRESS),
    `blockfleet:1/0f8b-run/10.1.2.3,login1.cluster.example,2001:db8::7/30123/plain/${"ab".repeat(32)}`,
  );
});

Deno.test("a text that is no address is refused with what is wrong", () => {
  const text = formatChannelAddress(ADDRESS);
  const cases: [string, string][] = [
    ["", "has the form blockfleet:1/RUN"],
    [text.slice(0, 40), "has the form"],
    [text.replace(":1/", ":2/"), "has the form"],
    [text.replace("0f8b-run", "../etc"), "has the form"],
    [text.replace("0f8b-run", "0f8b_run"), "a run that is none"],
    [text.replace("10.1.2.3", "10.1.2.3;rm"), "a host that is none"],
    [text.replace("10.1.2.3", "-oProxy"), "a host that is none"],
    [text.replace("30123", "0"), "a port that is none"],
    [text.replace("30123", "65536"), "a port that is none"],
    [text.replace("plain", "%%%"), "a certificate that is not in base64url"],
    [text.replace("abab", "abaX"), "a hash of the code that is none"],
  ];
  for (const [bad, expected] of cases) assertThrows(() => parseChannelAddress(bad), ConfigError, expected);
});

Deno.test("the address file is private, whole, and gone at the end", async () => {
  await withHome(async (home) => {
    const credentials = { address: ADDRESS, key: freshKey() };
    const folder = defaultAddressFolder(home, ADDRESS.runId);
    const path = await writeAddressFile(folder, credentials);
    assertEquals(path, join(home, ".blockfleet", "run", ADDRESS.runId, "channel"));
    assertEquals(await readAddressFile(path), credentials);
    assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["channel"]);
    if (hasModes) {
      assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);
      assertEquals(Deno.statSync(folder.path).mode! & 0o777, 0o700);
    }
    await removeAddressFile(path);
    await removeAddressFile(path);
    assertEquals([...Deno.readDirSync(join(home, ".blockfleet", "run"))].length, 0);
  });
});

Deno.test("an address file that is cut off anywhere, or damaged, is refused", async () => {
  await withHome(async (home) => {
    const path = await writeAddressFile(defaultAddressFolder(home, "r"), {
      address: ADDRESS,
      key: freshKey(),
    });
    const whole = await Deno.readTextFile(path);
    for (const length of [0, 10, 30, whole.length - 70, whole.length - 1]) {
      await Deno.writeTextFile(path, whole.slice(0, length));
      await assertRejects(() => readAddressFile(path), ConfigError, "Cannot use the address file");
    }
    await Deno.writeTextFile(path, whole.replace("30123", "30124"));
    await assertRejects(() => readAddressFile(path), ConfigError, "cut off or damaged");
    await Deno.writeTextFile(path, whole + "x");
    await assertRejects(() => readAddressFile(path), ConfigError, "cut off or damaged");
    await assertRejects(() => readAddressFile(join(home, "none")), ConfigError, "No such file");
    await assertRejects(() => readAddressFile(home), ConfigError, "no ordinary file");
  });
});

Deno.test({
  name: "an address file or folder that others could read or replace is refused",
  ignore: !hasModes,
  fn: () =>
    withHome(async (home) => {
      const credentials = { address: ADDRESS, key: freshKey() };
      const folder = defaultAddressFolder(home, "r");
      const path = await writeAddressFile(folder, credentials);
      await Deno.chmod(path, 0o640);
      await assertRejects(() => readAddressFile(path), ConfigError, "is open to other users (mode 640)");
      await Deno.chmod(path, 0o600);
      await Deno.symlink(path, join(home, "link"));
      await assertRejects(() => readAddressFile(join(home, "link")), ConfigError, "no ordinary file");
      await Deno.chmod(folder.path, 0o750);
      await assertRejects(() => writeAddressFile(folder, credentials), ConfigError, "is open to other users");
      await Deno.chmod(folder.path, 0o700);
      await Deno.rename(join(home, ".blockfleet"), join(home, "elsewhere"));
      await Deno.symlink(join(home, "elsewhere"), join(home, ".blockfleet"));
      await assertRejects(() => writeAddressFile(folder, credentials), ConfigError, "is a symbolic link");
    }),
});

Deno.test("the address file can be read once, where nothing more than it may be read", async () => {
  const folder = await Deno.makeTempDir();
  const [file, main] = [`${folder}/run/channel`, `${folder}/main.js`];
  await Deno.mkdir(`${folder}/run`);
  await Deno.writeTextFile(file, "key");
  const module = new URL("../../../core/channel/address_file.ts", import.meta.url);
  const script = `
    import { forgetAddressFile } from ${JSON.stringify(module.href)};
    const attempt = () => { try { return Deno.readTextFileSync(FILE); } catch (error) { return error.name; } };
    const before = attempt();
    forgetAddressFile(FILE);
    console.log(before, attempt());`.replaceAll("FILE", JSON.stringify(file));
  await Deno.writeTextFile(main, script);
  const root = new URL("../../../", import.meta.url).pathname;
  const said = async (readable: string) => {
    const access = `--allow-read=${root},${readable}`;
    const args = ["run", "--no-prompt", "--cached-only", "--config", `${root}deno.json`, access, main];
    const { stdout } = await new Deno.Command(Deno.execPath(), { args, env: { NO_COLOR: "1" } }).output();
    return new TextDecoder().decode(stdout).trim();
  };
  try {
    assertEquals(await said(file), "key NotCapable");
    assertEquals(await said(`${folder}/run`), "key key", "an input may be in the same folder");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the key is taken out of the environment", () => {
  const key = freshKey();
  Deno.env.set(KEY_VARIABLE, key.toBase64({ alphabet: "base64url", omitPadding: true }));
  assertEquals(takeKeyFromEnvironment(), key);
  assertEquals(Deno.env.get(KEY_VARIABLE), undefined);
  assertThrows(() => takeKeyFromEnvironment(), ConfigError, KEY_VARIABLE);
  Deno.env.set(KEY_VARIABLE, "c2hvcnQ");
  const error = assertThrows(() => takeKeyFromEnvironment(), ConfigError, "32 bytes");
  assert(!error.message.includes("c2hvcnQ"), "no secret in a message");
  assertEquals(Deno.env.get(KEY_VARIABLE), undefined);
});

Deno.test("loopback, link-local addresses and container bridges are advertised only when they are chosen", () => {
  const interfaces = [
    { name: "lo", family: "IPv4", address: "127.0.0.1" },
    { name: "lo", family: "IPv6", address: "::1" },
    { name: "eth0", family: "IPv6", address: "fe80::1" },
    { name: "eth0", family: "IPv6", address: "2001:db8::1" },
    { name: "eth0", family: "IPv4", address: "10.0.0.5" },
    { name: "ib0", family: "IPv4", address: "192.168.40.5" },
    { name: "docker0", family: "IPv4", address: "172.17.0.1" },
    { name: "br-1f2e", family: "IPv4", address: "172.18.0.1" },
    { name: "virbr0", family: "IPv4", address: "192.168.122.1" },
    { name: "eth1", family: "IPv4", address: "169.254.7.7" },
  ] as const;
  assertEquals(advertisedAddresses(interfaces), ["10.0.0.5", "192.168.40.5", "2001:db8::1"]);
  assertEquals(advertisedAddresses(interfaces, { chosen: "ib0" }), ["192.168.40.5"]);
  assertEquals(advertisedAddresses(interfaces, { chosen: "docker0" }), ["172.17.0.1"]);
  assertEquals(advertisedAddresses(interfaces, { chosen: "127.0.0.1" }), ["127.0.0.1"]);
  const error = assertThrows(() => advertisedAddresses(interfaces, { chosen: "ib1" }), ConfigError);
  assert(error.message.includes("no network interface 'ib1': choose one of lo, eth0"), error.message);
});

Deno.test("a server listens in its range of ports, and says so when none is free", async () => {
  await using first = await TestServer.start();
  const ports = { lowest: first.port, highest: first.port };
  await assertRejects(
    () => TestServer.start({ ports }),
    ConfigError,
    `No port from ${first.port} to ${first.port}`,
  );
  await assertRejects(
    () => TestServer.start({ ports: { lowest: 5, highest: 4 } }),
    ConfigError,
    "no range of ports",
  );
});

Deno.test("off this machine the channel is TLS unless that is turned off, and names are advertised as given", async () => {
  const options = {
    runId: "run-1",
    key: freshKey(),
    reach: "network" as const,
    advertise: ["login1.example"],
    admit: () => ({ worker: 0 }),
    connected: () => {},
    notice: () => {},
  };
  const secure = await ChannelServer.listen(options);
  assert(secure.address.certificate);
  assertEquals(secure.address.hosts, ["login1.example"]);
  await secure.close("done");
  const plain = await ChannelServer.listen({ ...options, tls: false });
  assertEquals(plain.address.certificate, undefined);
  await plain.close("done");
});
