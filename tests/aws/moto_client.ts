/**
 * Calls to moto itself, past every door: what the agent and the tests' own looks go by.
 *
 * @module
 */
import type { AwsCall } from "./aws_call.ts";
import { type MotoServer, REGION } from "./moto_server.ts";

const ECS_TARGET = "AmazonEC2ContainerServiceV20141113";
const LOGS_TARGET = "Logs_20140328";

/** Asks moto. */
export class MotoClient {
  readonly #moto: MotoServer;

  /** A client of that server. */
  constructor(moto: MotoServer) {
    this.#moto = moto;
  }

  /** A call of ECS. */
  // deno-lint-ignore no-explicit-any -- answers are read where their shape is known
  async ecs(action: string, input: Record<string, unknown> = {}): Promise<any> {
    return await this.#json("ecs", `${ECS_TARGET}.${action}`, input);
  }

  /** A call of CloudWatch Logs. */
  // deno-lint-ignore no-explicit-any -- answers are read where their shape is known
  async logs(action: string, input: Record<string, unknown> = {}): Promise<any> {
    return await this.#json("logs", `${LOGS_TARGET}.${action}`, input);
  }

  /** A call of Batch. */
  // deno-lint-ignore no-explicit-any -- answers are read where their shape is known
  async batch(action: string, input: Record<string, unknown> = {}): Promise<any> {
    const path = `/v1/${action.toLowerCase()}`;
    return JSON.parse(
      await this.#send("batch", { action, input, path, headers: { "content-type": "application/json" } }) ||
        "{}",
    );
  }

  /** A call of EC2 or another service of the query protocol. @returns XML */
  async query(service: string, action: string, input: Record<string, string> = {}): Promise<string> {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const version = service === "ec2" ? "2016-11-15" : "2010-05-15";
    return await this.#send(service, {
      action,
      input: { Action: action, Version: version, ...input },
      path: "/",
      headers,
    });
  }

  async #json(service: string, target: string, input: Record<string, unknown>): Promise<unknown> {
    const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": target };
    const action = target.split(".").at(-1)!;
    return JSON.parse(await this.#send(service, { action, input, path: "/", headers }) || "{}");
  }

  async #send(service: string, call: Omit<AwsCall, "service" | "method">): Promise<string> {
    const authorization =
      `AWS4-HMAC-SHA256 Credential=test/20260101/${REGION}/${service}/aws4_request, SignedHeaders=host, Signature=0`;
    const headers = { ...call.headers, authorization };
    const { status, body } = await this.#moto.send({ ...call, service, method: "POST", headers });
    if (status >= 300) {
      throw new TypeError(`moto: ${service} ${call.action}: ${status} ${body.slice(0, 300)}`);
    }
    return body;
  }
}

/** The texts of an XML element, wherever it stands. */
export function xmlTexts(xml: string, element: string): string[] {
  return [...xml.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, "g"))].map(([, text]) => text!);
}
