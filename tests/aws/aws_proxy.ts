/**
 * A door to the account: an HTTP server that reads each call, hands it through a chain of middlewares, and can cut the
 * connection in the place of an answer.
 *
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  type AwsAnswer,
  type AwsCall,
  type Middleware,
  type Next,
  NO_ANSWER,
  parseCall,
} from "./aws_call.ts";

/** Serves what is no call, such as a task's metadata; undefined if it is none of its business. */
export type PlainHandler = (path: string) => AwsAnswer | undefined;

/** A middleware further in cut the connection. */
class CutOff extends Error {}

/** A door to the account. */
export class AwsProxy implements AsyncDisposable {
  /** Where programs send their calls. */
  readonly endpoint: string;
  /** Every call that came, in order. */
  readonly calls: AwsCall[] = [];
  readonly #server: Server;
  readonly #middlewares: Middleware[] = [];
  readonly #inside: Next;
  readonly #plain: PlainHandler;

  private constructor(server: Server, inside: Next, plain: PlainHandler) {
    this.#server = server;
    this.#inside = inside;
    this.#plain = plain;
    this.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("request", (request, response) => {
      this.#serve(request, response).catch((error) => {
        // A program that is killed while it sends is what some tests are about.
        if (!request.destroyed) throw error;
      });
    });
  }

  /** Opens a door to what is inside, on a free port of this machine. */
  static async open(inside: Next, plain: PlainHandler = () => undefined): Promise<AwsProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new AwsProxy(server, inside, plain);
  }

  /** Puts a middleware before all others, until it is disposed of. */
  use(middleware: Middleware): Disposable {
    this.#middlewares.unshift(middleware);
    return {
      [Symbol.dispose]: () => {
        const at = this.#middlewares.indexOf(middleware);
        if (at >= 0) this.#middlewares.splice(at, 1);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const part of request) parts.push(part);
    const answer = await this.#answer(
      request,
      new TextDecoder().decode(await new Blob(parts as BlobPart[]).bytes()),
    );
    if (answer === NO_ANSWER) return void request.socket.destroy();
    const { status, headers, body } = answer;
    response.writeHead(status, headers);
    response.end(body);
  }

  async #answer(request: IncomingMessage, body: string): Promise<AwsAnswer | typeof NO_ANSWER> {
    const path = request.url ?? "/";
    const plain = this.#plain(path);
    if (plain) return plain;
    try {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      );
      const call = parseCall({ method: request.method ?? "GET", path, headers, body });
      this.calls.push(call);
      return await this.#chain(call, 0);
    } catch (error) {
      if (error instanceof CutOff) return NO_ANSWER;
      console.error(`The test account failed at ${request.method} ${path}:`, error);
      return { status: 500, headers: {}, body: String(error) };
    }
  }

  #chain(call: AwsCall, at: number): Promise<AwsAnswer | typeof NO_ANSWER> {
    const middleware = this.#middlewares[at];
    if (!middleware) return this.#inside(call);
    return middleware(call, async (passed) => {
      const answer = await this.#chain(passed, at + 1);
      if (answer === NO_ANSWER) throw new CutOff();
      return answer;
    });
  }
}
