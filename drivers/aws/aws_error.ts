/**
 * What AWS's refusals mean, and how they are said.
 *
 * @module
 */
import { DriverError, messageOf } from "../../core/errors.ts";
import type { AwsAction } from "./api.ts";

/**
 * What an error means for whoever made the call: `throttled` and `capacity` did nothing and may be tried again;
 * `unanswered` may have done what was asked; `denied` is a matter of policy; `missing` says that the thing is not there, or not
 * there yet; `final` is all else.
 */
export type AwsErrorKind = "throttled" | "capacity" | "unanswered" | "denied" | "missing" | "final";

const THROTTLED =
  /Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|RequestThrottled|BandwidthLimit|LimitExceededException.*rate|Rate ?exceeded/i;
/** The SDK has set its clock by such an answer and signs the next try by it. */
const SKEWED = /^(RequestTimeTooSkewed|RequestInTheFuture|RequestExpired)$/;
const CAPACITY = /^Insufficient\w*Capacity$|Capacity is unavailable|CapacityProvider.*busy/i;
const DENIED = /AccessDenied|UnauthorizedOperation|NotAuthorized|^Blocked|OptInRequired/;
const CREDENTIALS =
  /^(CredentialsProviderError|ExpiredToken(Exception)?|UnrecognizedClientException|InvalidClientTokenId|AuthFailure|SignatureDoesNotMatch|InvalidSignatureException|MissingAuthenticationToken(Exception)?|IncompleteSignature)$/;
const MISSING =
  /NotFound(Exception)?$|^InvalidInstanceID\.|^MISSING$|(referenced|specified) \w+( \w+)? (was|is|does) not (found|exist)|Unable to describe task definition|TaskDefinition not found|does not exist|service.linked role/;
/** Names and codes of the network's errors, Node's and the web's. */
const NETWORK =
  /^(TimeoutError|AbortError|NetworkingError|SyntaxError)$|^E(CONNRESET|CONNREFUSED|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|AI_AGAIN|NOTFOUND)$|socket hang up|network|Unexpected end/i;

interface SdkError {
  readonly name?: string;
  readonly code?: string;
  readonly Code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly statusCode?: number };
}

/** AWS refused a call, or did not answer it. */
export class AwsError extends DriverError {
  /** What it means. */
  readonly kind: AwsErrorKind;
  /** The call. */
  readonly action: AwsAction;
  /** AWS's name for the error. */
  readonly code: string;
  /** What AWS said, on one line. */
  readonly said: string;

  /** The error of a call. */
  constructor(action: AwsAction, kind: AwsErrorKind, said: { code: string; text: string; cause?: unknown }) {
    super(wording(action, kind, said), { cause: said.cause });
    this.kind = kind;
    this.action = action;
    this.code = said.code;
    this.said = said.text;
  }

  /** Whether the same may succeed later. */
  get transient(): boolean {
    return this.kind === "throttled" || this.kind === "capacity" || this.kind === "unanswered";
  }

  /** Whether the call was refused only because of the tags in it (`ecs:TagResource`, `ec2:CreateTags`). */
  get concernsTags(): boolean {
    return this.kind === "denied" &&
        /TagResource|CreateTags|RequestTag|TagKeys|Encoded authorization/i.test(this.said) ||
      /ARN and resource ID format must be enabled to add tags/i.test(this.said);
  }
}

/** The error of a call, whatever was thrown. */
export function toAwsError(action: AwsAction, thrown: unknown): AwsError {
  if (thrown instanceof AwsError) return thrown;
  const error = (typeof thrown === "object" && thrown !== null ? thrown : {}) as SdkError;
  const status = error.$metadata?.httpStatusCode ?? error.$response?.statusCode;
  const code = error.Code ?? (error.name === "Error" ? error.code : error.name) ?? error.code ?? "Error";
  const text = messageOf(thrown);
  return new AwsError(action, kindOf({ code, text, status, errno: error.code }), {
    code,
    text,
    cause: thrown,
  });
}

function kindOf(
  { code, text, status, errno }: {
    code: string;
    text: string;
    status: number | undefined;
    errno?: string | undefined;
  },
): AwsErrorKind {
  if (CREDENTIALS.test(code)) return "final";
  if (SKEWED.test(code)) return "throttled";
  if (THROTTLED.test(code) || THROTTLED.test(text) || status === 429) return "throttled";
  if (DENIED.test(code)) return "denied";
  if (CAPACITY.test(code) || CAPACITY.test(text)) return "capacity";
  if (status !== undefined && status >= 500) return "unanswered";
  if (NETWORK.test(code) || errno !== undefined && NETWORK.test(errno)) return "unanswered";
  if (status === undefined && NETWORK.test(text)) return "unanswered";
  if (MISSING.test(code) || MISSING.test(text)) return "missing";
  return "final";
}

function wording(action: AwsAction, kind: AwsErrorKind, said: { code: string; text: string }): string {
  if (kind === "denied") return denial(action, said.text);
  const what = `${said.code}: ${said.text}`;
  if (CREDENTIALS.test(said.code)) {
    return `AWS takes no call with these credentials ('${action}', ${what}): renew them, or choose others with AWS_PROFILE`;
  }
  if (said.text.includes("Region is missing")) {
    return `AWS can't be called without a region ('${action}'): set AWS_REGION`;
  }
  if (kind === "unanswered") {
    return `AWS did not answer '${action}' (${what}): try again, or check the network`;
  }
  return `AWS refused '${action}': ${what}`;
}

/** IAM's messages: "User: ARN is not authorized to perform: ACTION on resource: ARN because ...". */
const DENIAL = /not authorized to perform: ([\w:*-]+\w)(?: on (?:the )?resource: "?([^\s"]+)"?)?/;

function policyPage(action: AwsAction): string {
  if (action.startsWith("logs:")) return "docs/ecs.md or docs/aws_batch.md";
  return /^(batch|cloudformation):/.test(action) ? "docs/aws_batch.md" : "docs/ecs.md";
}

function denial(action: AwsAction, text: string): string {
  const found = DENIAL.exec(text);
  const denied = found?.[1] ?? action;
  const resource = found?.[2]?.replace(/[.,;]$/, "");
  const on = resource ? ` on the ${denied === "iam:PassRole" ? "role" : "resource"} '${resource}'` : "";
  const by = denied === action ? "" : `, which '${action}' needs`;
  return `AWS denies '${denied}'${on}${by}: have it allowed (${
    policyPage(action)
  } has the least policy). AWS says: ${text}`;
}
