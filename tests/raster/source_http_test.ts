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

function redirect(location: string): Response {
  return new Response(null, { status: 302, headers: { location } });
}

/** A body of pieces of one size, whose length is not said beforehand. */
function chunks(count: number, byteLength: number, everyMs = 0): ReadableStream<Uint8Array<ArrayBuffer>> {
  let sent = 0;
  return new ReadableStream({
    async pull(controller) {
      if (everyMs > 0) await new Promise((resolve) => setTimeout(resolve, everyMs));
      controller.enqueue(new Uint8Array(byteLength).fill(sent));
      if (++sent === count) controller.close();
    },
  });
}

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
    [() => new Response(new Uint8Array(70_000)), "the server does not support range requests"],
    // Without a length it ends where it has sent too much.
    [() => new Response(chunks(7, 10_000)), "the server does not support range requests"],
    [
      () => new Response("<html>log in</html>", { headers: { "content-type": "text/html; charset=utf-8" } }),
      "the server sent a web page in place of the file; it may want a login",
    ],
    [
      () =>
        new Response("xy", {
          status: 206,
          headers: { ...headers("bytes 0-1/2"), "content-encoding": "gzip" },
        }),
      "the server sends it gzip-encoded, although it was asked not to; download the file first",
    ],
    [() => redirect("/x.tif"), "the server redirects for ever; it may want a login, which is not supported"],
    [(request) => redirect(`${new URL(request.url).pathname}x`), "the server redirects for ever"],
    [() => redirect("file:///etc/passwd"), "the server redirects to what is no http or https URL"],
    [() => new Response(null, { status: 416, headers: headers("bytes */0") }), "it is empty or shorter"],
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

Deno.test("a login's redirects are followed once, not at each of four tries", async () => {
  await using server = serve(new Uint8Array(10), () => redirect("/x.tif"));
  await assertRejects(() => openByteSource(server.url, quick), RasterError, "it may want a login");
  assertEquals(server.ranges.length, 1);
});

Deno.test("a redirect to another server is followed, without the credentials of the first", async () => {
  const seen: (string | null)[] = [];
  await using there = serve(new Uint8Array(10).fill(7), (request, ranged) => {
    seen.push(request.headers.get("authorization"));
    return ranged();
  });
  await using server = serve(new Uint8Array(10), () => redirect(`${there.url}?sig=1`));
  await using source = await openByteSource(server.url.replace("//", "//me:secret@"));
  assertEquals([source.name, source.server], [server.url, new URL(there.url).host]);
  assertEquals([...await source.read(3, 1)], [7]);
  assertEquals(seen, [null]);
});

Deno.test("weak ETags, and those of several machines behind one address, are of one file", async () => {
  const tags: Record<string, (n: number) => string> = {
    weak: (n) => n % 2 ? '"1"' : 'W/"1"',
    nodes: (n) => `"node${n % 3}-1"`,
    "compressed by a proxy": (n) => n % 2 ? '"1"' : '"1-gzip"',
  };
  for (const [name, tag] of Object.entries(tags)) {
    let n = 0;
    await using server = serve(new Uint8Array(100_000), (_, ranged) => {
      server.state.etag = tag(n++);
      return ranged();
    });
    await using first = await openByteSource(server.url, quick);
    for (let i = 0; i < 5; i++) assertEquals((await first.read(70_000, 10)).length, 10, name);
    // A worker that another machine answers first sees the same version as the manager.
    for (let i = 0; i < 4; i++) {
      await using again = await openByteSource(server.url, { ...quick, expectedVersion: first.version });
      assertEquals(again.version, first.version, name);
    }
  }
});

Deno.test("a server that makes up an ETag for each range is read, and no more than 64 are remembered", async () => {
  await using server = serve(new Uint8Array(100_000), (request, ranged) => {
    server.state.etag = `"${request.headers.get("range")}"`;
    return ranged();
  });
  await using source = await openByteSource(server.url, quick);
  const requestsOf = async (offset: number) => {
    const before = server.ranges.length;
    assertEquals((await source.read(offset, 10)).length, 10);
    return server.ranges.length - before;
  };
  for (let n = 0; n < 64; n++) assertEquals(await requestsOf(70_000 + n), 2);
  assertEquals([await requestsOf(70_063), await requestsOf(70_000)], [1, 2]);
});

Deno.test("an ETag of its own for each machine does not matter where all say the same time of the last change", async () => {
  let n = 0;
  await using server = serve(new Uint8Array(100_000), (_, ranged) => {
    server.state.etag = `"machine-${n++}"`;
    const response = ranged();
    response.headers.set("last-modified", "Wed, 21 Oct 2015 07:28:00 GMT");
    return response;
  });
  await using source = await openByteSource(server.url, quick);
  await source.read(70_000, 10);
  assertEquals(server.ranges.length, 2);
});

Deno.test("a small file that is sent whole in place of a range is read", async () => {
  const content = new Uint8Array(100).map((_, i) => i);
  await using server = serve(content, () => new Response(content, { headers: { etag: '"1"' } }));
  await using source = await openByteSource(server.url, quick);
  assertEquals([source.byteLength, source.version], [100, '100-"1"']);
  assertEquals([...await source.read(98, 2)], [98, 99]);
  assertEquals(server.ranges.length, 1);
});

Deno.test("a server that refuses a range beyond the file's end but says where that is, is asked for less", async () => {
  await using server = serve(new Uint8Array(1000).fill(1), (request, ranged) => {
    const last = Number(/-(\d+)$/.exec(request.headers.get("range")!)![1]);
    return last < 1000
      ? ranged()
      : new Response(null, { status: 416, headers: { "content-range": "bytes */1000" } });
  });
  await using source = await openByteSource(server.url, quick);
  assertEquals([source.byteLength, server.ranges], [1000, ["bytes=0-65535", "bytes=0-999"]]);
});

Deno.test("a server that refuses each range that it names itself is asked twice", async () => {
  await using server = serve(new Uint8Array(10), (request) => {
    const last = /-(\d+)$/.exec(request.headers.get("range")!)![1];
    return new Response(null, { status: 416, headers: { "content-range": `bytes */${last}` } });
  });
  const message = "the server refuses the ranges that it asks for itself";
  await assertRejects(() => openByteSource(server.url, quick), RasterError, message);
  assertEquals(server.ranges, ["bytes=0-65535", "bytes=0-65534"]);
});

Deno.test("percent signs in credentials that stand for nothing are the user's own", async () => {
  const seen: (string | null)[] = [];
  await using server = serve(new Uint8Array(10), (request, ranged) => {
    seen.push(request.headers.get("authorization"));
    return ranged();
  });
  await using _ = await openByteSource(server.url.replace("//", "//me:100%@"));
  assertEquals(seen, [`Basic ${btoa("me:100%")}`]);
});

Deno.test("a login that runs out in mid-read is told as that, after one try", async () => {
  const page = () => new Response("<html>log in</html>", { headers: { "content-type": "text/html" } });
  await using server = serve(
    new Uint8Array(100_000),
    (_, ranged) => server.ranges.length === 1 ? ranged() : page(),
  );
  await using source = await openByteSource(server.url, quick);
  await assertRejects(async () => await source.read(70_000, 10), RasterError, "it may want a login");
  assertEquals(server.ranges.length, 2);
});

Deno.test("a machine that sends the whole file once is asked again", async () => {
  let n = 0;
  await using server = serve(
    new Uint8Array(100_000),
    (_, ranged) => n++ === 1 ? new Response("all") : ranged(),
  );
  await using source = await openByteSource(server.url, quick);
  assertEquals((await source.read(70_000, 10)).length, 10);
  assertEquals(server.ranges.length, 3);
});

Deno.test("an answer whose bytes keep coming is waited for, however long all of it takes", async () => {
  await using server = serve(new Uint8Array(100_000), (_, ranged) => {
    const { status, headers } = ranged();
    const body = server.ranges.length === 1 ? new Uint8Array(65_536) : chunks(30, 1000, 50);
    return new Response(body, { status, headers });
  });
  // Half a second is much between two pieces, and less than all thirty take.
  await using source = await openByteSource(server.url, { ...quick, stallTimeoutMs: 500 });
  assertEquals((await source.read(70_000, 30_000)).length, 30_000);
  assertEquals(server.ranges.length, 2);
});

Deno.test("an answer that takes too long is given up", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using server = serve(new Uint8Array(10), async () => {
    await promise;
    return new Response(null, { status: 500 });
  });
  const options = { retryDelayMs: 1, stallTimeoutMs: 20 };
  await assertRejects(
    () => openByteSource(server.url, options),
    RasterError,
    "nothing came for 0.02 s; gave up after 4 tries",
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
