/**
 * The register of a run: what it has made that outlives this process, written down before it is made, so that whoever
 * cleans up after a crash at any line finds exactly that and nothing else.
 *
 * @module
 */

/** Something that is about to be made outside this machine's processes. */
export interface RegisteredThing {
  /** What it is, in the driver's words, such as `job`, `cluster` or `task`. */
  readonly type: string;
  /** The token or unique name that finds it again if the answer to the call that makes it never came. */
  readonly key: string;
  /** Whatever else its removal needs: plain JSON, and never a secret. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** A thing's line in the register. */
export interface RegisterEntry {
  /** The thing has been made; `data` (its id, its ARN) is added to what is known of it. */
  made(data: Readonly<Record<string, unknown>>): Promise<void>;
  /** The thing is gone, or was never made. */
  gone(): Promise<void>;
}

/** A thing as it stands in a register. */
export interface ThingRecord extends RegisteredThing {
  /** `intended`: the call that makes it may or may not have been done. */
  readonly state: "intended" | "made";
}

/** The register of the run that is going on. */
export interface RunRegister {
  /** Writes a thing down, synced to disk when this returns, before it is made. */
  intend(thing: RegisteredThing): Promise<RegisterEntry>;
}

/** A run of the user's that is in the register: what it left, and whether its manager is alive. */
export interface RegisteredRun {
  /** The run. */
  readonly runId: string;
  /** Its kind of worker. */
  readonly kind: string;
  /** Its job name. */
  readonly jobName?: string;
  /** The manager's host. */
  readonly host: string;
  /** The manager's process. */
  readonly pid: number;
  /** When it began, ISO 8601. */
  readonly startedAt: string;
  /** Whether its manager lives, as far as can be told from here. */
  readonly isAlive: boolean;
  /** What is not known to be gone, in the order in which it was made. */
  readonly things: readonly ThingRecord[];
  /** Writes that a thing is gone; the register itself goes with the last of them. */
  gone(thing: ThingRecord): Promise<void>;
}
