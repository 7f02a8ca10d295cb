/**
 * IAM policies: read from text, looked through for what is too wide, and applied to requests, as far as ours need it.
 *
 * @module
 */
import { ACTIONS } from "./service_authorization.ts";

/** A statement. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** A policy document. */
export interface Policy {
  readonly Version: string;
  readonly Statement: readonly Statement[];
}

/** A request, as IAM sees it: one action on one resource. */
export interface Request {
  readonly action: string;
  /** Its ARN; `*` for an action that knows no resources. */
  readonly resource: string;
  /** Context keys that are there. */
  readonly context?: Readonly<Record<string, string>>;
}

/** The policies that a page shows, in order. */
export function policiesIn(markdown: string): Policy[] {
  return [...markdown.matchAll(/```json\n([^]*?)```/g)].map(([, text]) => JSON.parse(text!))
    .filter((value) => "Statement" in value);
}

/** A value that may stand alone or in a list. */
export function listOf<Value>(value: Value | readonly Value[]): readonly Value[] {
  return Array.isArray(value) ? value : [value as Value];
}

/** Every action that policies allow. */
export function allowedActions(policies: readonly Policy[]): string[] {
  const actions = policies.flatMap(({ Statement }) => Statement.flatMap(({ Action }) => listOf(Action)));
  return [...new Set(actions)].toSorted();
}

/** What of a policy is wider than it has to be, or not what the reference says; nothing if all is well. */
export function faultsOf({ Version, Statement }: Policy): string[] {
  const faults = Version === "2012-10-17" ? [] : [`version ${Version}`];
  for (const statement of Statement) {
    const { Sid = "?", Effect, Action, Resource, Condition } = statement;
    const say = (what: string) => faults.push(`${Sid}: ${what}`);
    if (Effect !== "Allow") say(`effect ${Effect}`);
    for (const action of listOf(Action)) {
      const facts = ACTIONS[action];
      if (!facts) {
        say(`the reference has no ${action}`);
        continue;
      }
      const isMutating = facts.access !== "Read" && facts.access !== "List";
      for (const resource of listOf(Resource)) {
        const type = typeOf(resource);
        if (resource === "*") {
          if (isMutating && !Condition) say(`${action} on everything without a condition`);
          if (facts.resources.length > 0 && !Condition) {
            say(`${action} could be narrowed to ${facts.resources}`);
          }
        } else if (facts.resources.length === 0) say(`${action} takes no resource but *`);
        // An ARN of another type is no harm where a statement has several actions, but each must have one of its own.
        else if (
          type !== undefined && facts.resources.includes(type) && isMutating && !Condition && isAny(resource)
        ) {
          say(`${action} on any ${type} without a condition`);
        }
      }
      const own = listOf(Resource).filter((resource) => facts.resources.includes(typeOf(resource) ?? ""));
      if (facts.resources.length > 0 && own.length === 0 && !listOf(Resource).includes("*")) {
        say(`${action} has no resource of its types ${facts.resources}`);
      }
    }
  }
  return faults;
}

/** Whether policies allow a request. */
export function isAllowed(policies: readonly Policy[], request: Request): boolean {
  return policies.some(({ Statement }) =>
    Statement.some(({ Action, Resource, Condition = {} }) =>
      listOf(Action).includes(request.action) &&
      listOf(Resource).some((pattern) => isLike(pattern, request.resource)) &&
      Object.entries(Condition).every(([operator, keys]) =>
        Object.entries(keys).every(([key, values]) => holds(operator, request.context?.[key], listOf(values)))
      )
    )
  );
}

function holds(operator: string, actual: string | undefined, values: readonly string[]): boolean {
  switch (operator) {
    case "Null":
      return values.includes(String(actual === undefined));
    case "StringEquals":
      return actual !== undefined && values.includes(actual);
    case "ArnEquals":
    case "ArnLike":
      return actual !== undefined && values.some((pattern) => isLike(pattern, actual));
    default:
      throw new TypeError(`no condition operator ${operator} is known here`);
  }
}

function isLike(pattern: string, text: string): boolean {
  return new RegExp(`^${pattern.split("*").map(RegExp.escape).join(".*")}$`).test(text);
}

/** The type of resource of an ARN: `cluster` of `arn:aws:ecs:R:A:cluster/x`, `log-stream` of a log group's streams. */
function typeOf(arn: string): string | undefined {
  if (arn.includes(":log-stream:")) return "log-stream";
  return /^arn:[^:]*:[^:]*:[^:]*:[^:]*:([a-z-]+)[/:]/.exec(arn)?.[1];
}

/** Whether an ARN stands for all resources of its type. */
function isAny(arn: string): boolean {
  return /^arn:(?:[^:]*:){4}[a-z-]+[/:]\*$/.test(arn);
}
