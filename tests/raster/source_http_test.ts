import { assertEquals, assertRejects } from "@std/assert";
import { AbortedError, RasterError } from "../../core/errors.ts";
import { GeoTiffReader } from "../../raster/geotiff/geotiff_reader.ts";
import { openByteSource } from "../../raster/source/byte_source.ts";
import { buildTiff, imageFields } from "./tiny_tiff.ts";

type Answer = (request: Request, answer: () => Response) => Response | Promise<Response>;

/** A server of one file with range requests; `answer` may say something else. */
function serve(content: Uint8Array<ArrayBuffer>, answer: Answer = (_, ranged) => ranged()) {
  const ranges: string[] = [];
  const state = { etag: '"1"', content };
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    const range = request.headers.get("range") ?? "";
    ranges.push(range);
    return answer(request, () => {
      const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range)!.map(Number) as [number, number, number];
      const total = state.content.length;
      if (first >= total) return new Response(null, { status: 416 });
      const end = Math.min(last, total - 1);
      const headers = { "content-range": `bytes ${first}-${end}/${total}`, etag: state.etag };
      return new Response(state.content.slice(first, end + 1), { status: 206, headers });
    });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/x.tif`,
    ranges,
    state,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** A one-strip image whose pixels lie behind the first 64 KiB. */
function largeTiff(): Uint8Array<ArrayBuffer> {
  const fields = imageFields({ width: 400, height: 400, rowsPerStrip: 100 });
  const chunks = [0, 1, 2, 3].map((n) => new Uint8Array(40_000).fill(n + 1));
  return buildTiff({ directories: [{ fields, chunks }] });
}

const quick = { retryDelayMs: 1 };

Deno.test("a GeoTIFF on a server is read by ranges", async () => {
  await using server = serve(largeTiff());
  await using reader = await GeoTiffReader.open(`${server.url}?token=secret`);
  assertEquals(reader.info.location, server.url);
  // The index of tiles is behind the first 64 KiB too.
  await reader.readWindow({ left: 0, top: 0, ncols: 1, nrows: 1 });
  const opened = server.ranges.length;
  const pixels = await reader.readWindow({ left: 0, top: 250, ncols: 400, nrows: 100 });
  assertEquals([...new Set<number | bigint>(pixels)], [3, 4]);
  assertEquals(server.ranges.length, opened + 1);
});

Deno.test("the first 64 KiB are fetched once", async () => {
  await using server = serve(new Uint8Array(100_000).map((_, i) => i));
  await using source = await openByteSource(server.url);
  assertEquals(source.byteLength, 100_000);
  assertEquals(source.version, '100000-"1"');
  assertEquals([...await source.read(65_534, 2)], [254, 255]);
  assertEquals(server.ranges, ["bytes=0-65535"]);
  assertEquals([...await source.read(65_535, 2)], [255, 0]);
  assertEquals(server.ranges[1], "bytes=65535-65536");
});

Deno.test("credentials in a URL go into a header and never into a message", async () => {
  let seen: string | null = null;
  await using server = serve(new Uint8Array(10), (request) => {
    seen = request.headers.get("authorization");
    return new Response("no", { status: 403 });
  });
  const url = server.url.replace("//", "//me:s%40crt@") + "?sig=hidden#x";
  const error = await assertRejects(() => openByteSource(url), RasterError);
  assertEquals(error.message, `Cannot read '${server.url}': access is forbidden (status 403)`);
  assertEquals(seen, `Basic ${btoa("me:s@crt")}`);
});

Deno.test("answers that are no ranges are refused with their reason", async () => {
  const headers = (range: string) => ({ "content-range": range });
  const cases: [Answer, string][] = [
    [() => new Response("the whole file"), "the server does not support range requests"],
    [() => new Response(null, { status: 404 }), "there is no such file (status 404)"],
    [() => new Response("x", { status: 418 }), "the server answered with status 418"],
    [() => new Response("x", { status: 206 }), "does not say which bytes it sent of how many"],
    [
      () => new Response("x", { status: 206, headers: headers("bytes 0-0/*") }),
      "does not say which bytes it sent",
    ],
    [
      () => new Response("x", { status: 206, headers: headers("bytes 5-5/10") }),
      "the server sent 5 to 5 of 10",
    ],
    [() => new Response(null, { status: 503 }), "the server answered 503; gave up after 4 tries"],
    [
      () => new Response("xyz", { status: 206, headers: headers("bytes 0-1/2") }),
      "the server sent more bytes than it said; gave up after 4 tries",
    ],
    [
      () => new Response("x", { status: 206, headers: headers("bytes 0-1/2") }),
      "the connection ended in mid-answer; gave up after 4 tries",
    ],
  ];
  for (const [answer, message] of cases) {
    await using server = serve(new Uint8Array(10), answer);
    await assertRejects(() => openByteSource(server.url, quick), RasterError, message);
  }
});

Deno.test("a failure that passes is tried again, with longer waits each time", async () => {
  let failures = 0;
  await using server = serve(new Uint8Array(10), (_, ranged) => {
    const status = [500, 429, 503][failures++];
    return status === undefined
      ? ranged()
      : new Response("busy", { status, headers: { "retry-after": "0" } });
  });
  await using source = await openByteSource(server.url, quick);
  assertEquals(source.byteLength, 10);
  assertEquals(server.ranges.length, 4);
});

Deno.test("a server that can't be reached is said so", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  listener.close();
  const url = `http://127.0.0.1:${port}/x.tif?sig=hidden`;
  const error = await assertRejects(() => openByteSource(url, quick), RasterError);
  assertEquals(
    error.message,
    `Cannot read 'http://127.0.0.1:${port}/x.tif': connection refused; gave up after 4 tries`,
  );
});

Deno.test("a file that changes on the server in mid-read is an error", async () => {
  await using server = serve(new Uint8Array(100_000));
  await using source = await openByteSource(server.url, quick);
  server.state.etag = '"2"';
  await assertRejects(
    async () => await source.read(70_000, 10),
    RasterError,
    "changed on the server while it was read",
  );
  server.state.etag = '"1"';
  server.state.content = new Uint8Array(70_005);
  await assertRejects(
    async () => await source.read(70_000, 10),
    RasterError,
    "changed on the server while it was read",
  );
});

Deno.test("an answer that takes too long is given up", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using server = serve(new Uint8Array(10), async () => {
    await promise;
    return new Response(null, { status: 500 });
  });
  const options = { retryDelayMs: 1, requestTimeoutMs: 20 };
  await assertRejects(
    () => openByteSource(server.url, options),
    RasterError,
    "no answer in 0.02 s; gave up after 4 tries",
  );
  resolve();
});

Deno.test("an abort signal ends a request and a wait", async () => {
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  await using server = serve(new Uint8Array(10), async () => {
    controller.abort();
    await promise;
    return new Response(null, { status: 500 });
  });
  await assertRejects(() => openByteSource(server.url, { signal: controller.signal }), AbortedError);
  resolve();
  const later = new AbortController();
  await using busy = serve(new Uint8Array(10), () => {
    setTimeout(() => later.abort(), 5);
    return new Response(null, { status: 503 });
  });
  await assertRejects(
    () => openByteSource(busy.url, { signal: later.signal, retryDelayMs: 9000 }),
    AbortedError,
  );
});
