/**
 * Calls of AWS's API as they cross the wire, in the three protocols of the services that we use: JSON 1.1 (ECS), REST
 * with JSON (Batch) and query with XML (EC2, CloudFormation).
 *
 * @module
 */

/** A call. */
export interface AwsCall {
  /** The service as the signature's scope names it, such as `ecs`. */
  readonly service: string;
  /** The action, such as `RunTask`. */
  readonly action: string;
  /** What was sent; for the query protocol flat, such as `Filter.1.Name`. */
  readonly input: Readonly<Record<string, unknown>>;
  /** The path with its query. */
  readonly path: string;
  /** The HTTP method. */
  readonly method: string;
  /** The headers. */
  readonly headers: Readonly<Record<string, string>>;
}

/** An answer. */
export interface AwsAnswer {
  /** The HTTP status. */
  readonly status: number;
  /** The headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON or XML. */
  readonly body: string;
}

/** What a middleware gives in the place of an answer, to have the connection cut. */
export const NO_ANSWER: unique symbol = Symbol("no answer");

/** Passes a call on. */
export type Next = (call: AwsCall) => Promise<AwsAnswer>;

/** Stands between a program and the account. */
export type Middleware = (call: AwsCall, next: Next) => Promise<AwsAnswer | typeof NO_ANSWER>;

/** Actions of Batch by their path. */
const BATCH_ACTIONS: Readonly<Record<string, string>> = {
  submitjob: "SubmitJob",
  describejobs: "DescribeJobs",
  listjobs: "ListJobs",
  terminatejob: "TerminateJob",
  canceljob: "CancelJob",
};

/** Reads a call from an HTTP request. */
export function parseCall(
  request: { method: string; path: string; headers: Record<string, string>; body: string },
): AwsCall {
  const { method, path, headers, body } = request;
  const service = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? "")?.[1] ?? "";
  const target = headers["x-amz-target"];
  if (target !== undefined) {
    const action = target.split(".").at(-1)!;
    return { service, action, input: JSON.parse(body || "{}"), path, method, headers };
  }
  if (headers["content-type"]?.includes("x-www-form-urlencoded")) {
    const input = Object.fromEntries(new URLSearchParams(body));
    return { service, action: input.Action ?? "", input, path, method, headers };
  }
  const last = path.split("?")[0]!.split("/").at(-1)!;
  const input = body === "" ? {} : JSON.parse(body);
  return { service, action: BATCH_ACTIONS[last] ?? last, input, path, method, headers };
}

/** The body of a call, after its input may have been changed. */
export function bodyOf({ headers, input, method }: AwsCall): string | undefined {
  if (method === "GET") return undefined;
  if (headers["content-type"]?.includes("x-www-form-urlencoded")) {
    return new URLSearchParams(input as Record<string, string>).toString();
  }
  return JSON.stringify(input);
}

/** The same call with another input. */
export function withInput(call: AwsCall, more: Readonly<Record<string, unknown>>): AwsCall {
  const merged = Object.entries({ ...call.input, ...more }).filter(([, value]) => value !== undefined);
  return { ...call, input: Object.fromEntries(merged) };
}

/** An answer of JSON. */
export function jsonAnswer(value: unknown, status = 200): AwsAnswer {
  return { status, headers: { "content-type": "application/x-amz-json-1.1" }, body: JSON.stringify(value) };
}

/** A refusal in the protocol of the call's service. */
export function errorAnswer(
  call: AwsCall,
  error: { code: string; message: string; status: number },
): AwsAnswer {
  const { code, message, status } = error;
  if (call.headers["content-type"]?.includes("x-www-form-urlencoded")) {
    const body = call.service === "ec2"
      ? `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>0</RequestID></Response>`
      : `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>0</RequestId></ErrorResponse>`;
    return { status, headers: { "content-type": "text/xml" }, body };
  }
  return {
    status,
    headers: { "content-type": "application/json", "x-amzn-errortype": code },
    body: JSON.stringify({ __type: code, message }),
  };
}
