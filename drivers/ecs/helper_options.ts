/**
 * What the two helpers have in common.
 *
 * @module
 */
import type {
  ContainerDefinition,
  NetworkConfiguration,
  RunTaskCommandInput,
  Tag,
} from "@aws-sdk/client-ecs";
import { ConfigError } from "../../core/errors.ts";
import { isObject } from "../../core/is_object.ts";
import { checkKnownKeys } from "../../core/known_keys.ts";
import { logStreamPrefix } from "./adapt_container.ts";
import type { EcsNames } from "./names.ts";

/** Options that both helpers have. */
export interface HelperOptions {
  /** Any text; it becomes part of the names of cluster, task family and container. */
  readonly jobName?: string;
  /** The image of the workers' container. It must have `blockfleet` on its PATH; its own entry point is not used. */
  readonly containerImage: string;
  /** The role that the workers have: what your user function and your inputs need of AWS. */
  readonly taskRoleArn: string;
  /** The role by which ECS fetches the image and writes logs. */
  readonly executionRoleArn: string;
  /** The security groups of the workers. */
  readonly securityGroups: readonly string[];
  /** A CloudWatch log group that exists: each worker writes a log stream into it. Absent: no logs. */
  readonly cloudwatchLogGroup?: string | null;
  /** Tags of cluster, task definition, tasks and instances. */
  readonly tags?: Readonly<Record<string, string>> | null;
  /** Adds the tags that RIOS gives as well (`RIOS-cluster` and others). Nothing is ever removed by them. Default false. */
  readonly riosTags?: boolean;
  /** What starts a worker in the image, before the word `worker`. Default `["blockfleet"]`. */
  readonly entryPoint?: readonly string[];
  /** More variables for the workers. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** What a helper tells beside what it makes. */
export interface HelperNotices {
  /** Called with each line that the user should see. Default `console.warn`. */
  readonly onNotice?: (line: string) => void;
}

/** The keys of {@linkcode HelperOptions}. */
export const HELPER_KEYS: Readonly<Record<keyof HelperOptions, true>> = {
  jobName: true,
  containerImage: true,
  taskRoleArn: true,
  executionRoleArn: true,
  securityGroups: true,
  cloudwatchLogGroup: true,
  tags: true,
  riosTags: true,
  entryPoint: true,
  environment: true,
};

/** Checks the options of one helper, which its errors name. */
export class OptionCheck {
  readonly #helper: string;
  readonly #options: Readonly<Record<string, unknown>>;

  /**
   * Checks the options of a helper, first of all their names.
   *
   * @param known an object with every option there is.
   * @throws {ConfigError} for a misspelt one.
   */
  constructor(helper: string, options: object, known: object) {
    if (!isObject(options)) throw new ConfigError(`${helper} takes an object with its options`);
    checkKnownKeys(options, known, helper);
    this.#helper = helper;
    this.#options = options as Readonly<Record<string, unknown>>;
  }

  /** These must be there, and be texts. */
  texts(...names: string[]): void {
    for (const name of names) {
      const value = this.#options[name];
      if (value === undefined || value === null || value === "") {
        throw new ConfigError(`${this.#helper} needs '${name}': there is no default for it`);
      }
      this.optionalTexts(name);
    }
  }

  /** These must be texts if they are there. */
  optionalTexts(...names: string[]): void {
    for (const name of names) {
      const value = this.#options[name];
      if (value !== undefined && value !== null && typeof value !== "string") {
        throw new ConfigError(`'${name}' of ${this.#helper} must be a text, not ${written(name, value)}`);
      }
    }
  }

  /** This must be a list of texts. */
  list(name: string, { optional = false }: { optional?: boolean } = {}): void {
    const value = this.#options[name];
    if (optional && value === undefined) return;
    if (
      !Array.isArray(value) || value.length === 0 ||
      value.some((item) => typeof item !== "string" || item === "")
    ) {
      throw new ConfigError(`${this.#helper} needs '${name}': a list of texts`);
    }
  }

  /** This must be a dictionary of texts if it is there. */
  dictionary(name: string): void {
    const value = this.#options[name];
    if (value === undefined || value === null) return;
    const isOne = typeof value === "object" && !Array.isArray(value) &&
      Object.values(value).every((item) => typeof item === "string");
    if (!isOne) throw new ConfigError(`'${name}' of ${this.#helper} must be a dictionary of texts`);
  }

  /** This must be a whole number above 0 if it is there. */
  count(name: string, { needed = false }: { needed?: boolean } = {}): void {
    const value = this.#options[name];
    if (value === undefined && !needed) return;
    if (!Number.isSafeInteger(value) || (value as number) < 1) {
      throw new ConfigError(
        `'${name}' of ${this.#helper} must be a whole number of at least 1, not '${String(value)}'`,
      );
    }
  }

  /** These must be true or false if they are there: any text would be taken for true. */
  flags(...names: string[]): void {
    for (const name of names) {
      const value = this.#options[name];
      if (value !== undefined && value !== null && typeof value !== "boolean") {
        throw new ConfigError(
          `'${name}' of ${this.#helper} must be true or false, not ${JSON.stringify(value)}`,
        );
      }
    }
  }

  /** What both helpers want. */
  common(): void {
    this.texts("containerImage", "taskRoleArn", "executionRoleArn");
    this.list("securityGroups");
    this.list("entryPoint", { optional: true });
    this.optionalTexts("jobName", "cloudwatchLogGroup");
    this.dictionary("tags");
    this.dictionary("environment");
    this.flags("riosTags", "spot");
  }
}

/** A value that should have been a text; with how to write a number as one. */
function written(name: string, value: unknown): string {
  const given = JSON.stringify(value);
  return typeof value === "number" ? `${given}: write "${given}" (--param '${name}="${given}"')` : given;
}

/** Tags as ECS has them. */
export function ecsTags(tags: Readonly<Record<string, string>> | null | undefined): Tag[] {
  return Object.entries(tags ?? {}).map(([key, value]) => ({ key, value }));
}

/** RIOS's tags, if they are wanted. */
export function riosTags(options: HelperOptions, ...names: [key: string, value: string][]): Tag[] {
  return options.riosTags ? names.map(([key, value]) => ({ key, value })) : [];
}

/**
 * The workers' container. Its log streams bear the job's name; without one the run gives them its own.
 *
 * @param jobIdString what {@linkcode makeJobIDstr} gave for the names.
 */
export function workerContainer(
  { container: name }: EcsNames,
  options: HelperOptions,
  jobIdString: string,
): ContainerDefinition {
  const { containerImage, entryPoint = ["blockfleet"], environment, cloudwatchLogGroup } = options;
  return {
    name,
    image: containerImage,
    essential: true,
    entryPoint: [...entryPoint],
    ...environment
      ? { environment: Object.entries(environment).map(([name, value]) => ({ name, value })) }
      : {},
    ...cloudwatchLogGroup
      ? {
        logConfiguration: {
          logDriver: "awslogs",
          options: {
            "awslogs-group": cloudwatchLogGroup,
            ...options.jobName ? { "awslogs-stream-prefix": logStreamPrefix(jobIdString) } : {},
          },
        },
      }
      : {},
  };
}

/** The workers' network: in these subnets, without a public address unless it is asked for. */
export function workerNetwork(
  subnets: readonly string[],
  { securityGroups, assignPublicIp = false }: HelperOptions & { readonly assignPublicIp?: boolean },
): NetworkConfiguration {
  return {
    awsvpcConfiguration: {
      subnets: [...subnets],
      securityGroups: [...securityGroups],
      assignPublicIp: assignPublicIp ? "ENABLED" : "DISABLED",
    },
  };
}

/** The tags of tasks: those given, and those of the definition. */
export function taskTags(tags: Tag[]): Pick<RunTaskCommandInput, "tags" | "propagateTags"> {
  return { tags, propagateTags: "TASK_DEFINITION" };
}
