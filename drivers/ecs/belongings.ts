/**
 * What a run has made in AWS, written down in its register before it is made.
 *
 * @module
 */
import type { RegisterEntry, RunRegister, ThingRecord } from "../../core/driver.ts";

/** The types of things in the register. */
export type EcsThingType = "ecs-cluster" | "ecs-task-definition" | "ec2-instances" | "ecs-tasks";

/** What is known of a thing; plain JSON, and never a secret. */
export interface EcsThingData {
  /** Where it is. */
  readonly region?: string;
  /** The cluster of tasks and instances. */
  readonly cluster?: string;
  /** Whether it was made with the run's tag. */
  readonly tagged?: boolean;
  /** ARN of a cluster or a task definition. */
  readonly arn?: string;
  /** ARNs of tasks. */
  readonly taskArns?: readonly string[];
  /** Ids of EC2 instances. */
  readonly instanceIds?: readonly string[];
}

/** Something that the run made, or may have made. */
export interface Belonging {
  /** What it is. */
  readonly type: string;
  /** Its name, or the token of the call that makes it. */
  readonly key: string;
  /** What is known of it. */
  readonly data: EcsThingData;
  /** `intended`: the call that makes it may or may not have been done. */
  readonly state: "intended" | "made";
  /** Writes down that it is no more. */
  gone(): Promise<void>;
}

class OwnThing implements Belonging {
  readonly type: EcsThingType;
  readonly key: string;
  readonly #entry: RegisterEntry;
  readonly #forget: () => void;
  data: EcsThingData;
  state: "intended" | "made" = "intended";

  constructor(
    thing: { type: EcsThingType; key: string; data: EcsThingData },
    { entry, forget }: { entry: RegisterEntry; forget: () => void },
  ) {
    this.type = thing.type;
    this.key = thing.key;
    this.data = thing.data;
    this.#entry = entry;
    this.#forget = forget;
  }

  async made(data: EcsThingData): Promise<void> {
    this.data = { ...this.data, ...data };
    this.state = "made";
    await this.#entry.made({ ...data });
  }

  async gone(): Promise<void> {
    this.#forget();
    await this.#entry.gone();
  }
}

/** The things of the run that is going on. */
export class Belongings {
  readonly #register: RunRegister;
  readonly #things = new Set<OwnThing>();

  /** Things are written down in `register`. */
  constructor(register: RunRegister) {
    this.#register = register;
  }

  /** What is not known to be gone, in the order in which it was made. */
  get things(): Belonging[] {
    return [...this.#things];
  }

  /** Writes down what is about to be made; when this returns it may be. */
  async intend(
    type: EcsThingType,
    key: string,
    data: EcsThingData,
  ): Promise<Belonging & { made(data: EcsThingData): Promise<void> }> {
    const entry = await this.#register.intend({ type, key, data: { ...data } });
    const thing: OwnThing = new OwnThing({ type, key, data }, {
      entry,
      forget: () => this.#things.delete(thing),
    });
    this.#things.add(thing);
    return thing;
  }
}

/** A thing of a run that is over. */
export function fromRecord(record: ThingRecord, gone: () => Promise<void>): Belonging {
  return {
    type: record.type,
    key: record.key,
    state: record.state,
    data: record.data as EcsThingData ?? {},
    gone,
  };
}
