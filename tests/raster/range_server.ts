/**
 * A static server with range requests for tests, on a port of its own.
 *
 * @module
 */

/** A running server and what it was asked for. */
export interface RangeServer extends AsyncDisposable {
  /** Its address, without a slash at the end. */
  readonly url: string;
  /** What is served: by path, may be changed. */
  readonly files: Map<string, Uint8Array<ArrayBuffer>>;
  /** Added to each file's ETag. */
  version: string;
  /** Each request's range, "" without one; of what is there. */
  readonly ranges: string[];
  /** Each request's path and query, also of what is not there. */
  readonly asked: string[];
  /** Answers so many requests more and then none, until it speaks again; resolves with the first that waits. */
  silenceAfter(answers: number): Promise<void>;
  /** Answers those that wait, and all others. */
  speak(): void;
}

/** Requests that get no answer for a while. */
class Silence {
  #answers = Infinity;
  readonly #asked = Promise.withResolvers<void>();
  readonly #over = Promise.withResolvers<void>();

  begin(answers: number): Promise<void> {
    this.#answers = answers;
    return this.#asked.promise;
  }

  async pass(): Promise<void> {
    if (this.#answers-- > 0) return;
    this.#asked.resolve();
    await this.#over.promise;
  }

  end(): void {
    this.#over.resolve();
  }
}

/** Serves `files` by their paths. */
export function serveRanges(given: Record<string, Uint8Array<ArrayBuffer>>): RangeServer {
  const files = new Map(Object.entries(given));
  const ranges: string[] = [];
  const asked: string[] = [];
  let version = "";
  let silence = new Silence();
  const answer = async (request: Request): Promise<Response> => {
    await silence.pass();
    const { pathname, search } = new URL(request.url);
    asked.push(pathname + search);
    const content = files.get(pathname);
    if (!content) return new Response("there is no such file", { status: 404 });
    const range = request.headers.get("range") ?? "";
    ranges.push(range);
    const [first, last] = /^bytes=(\d+)-(\d+)$/.exec(range)?.slice(1).map(Number) ?? [];
    if (first === undefined || last === undefined) return new Response(content);
    const end = Math.min(last, content.length - 1);
    const headers = {
      "content-range": `bytes ${first}-${end}/${content.length}`,
      etag: `"${content.length}${version}"`,
    };
    return new Response(content.subarray(first, end + 1), { status: 206, headers });
  };
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, answer);
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    files,
    ranges,
    asked,
    get version() {
      return version;
    },
    set version(value) {
      version = value;
    },
    silenceAfter: (answers) => silence.begin(answers),
    speak() {
      silence.end();
      silence = new Silence();
    },
    [Symbol.asyncDispose]() {
      silence.end();
      return server.shutdown();
    },
  };
}
