/**
 * Makes things in AWS: each is written down before, and tagged where that is allowed.
 *
 * @module
 */
import type { AwsAction } from "../aws/api.ts";
import { AwsError } from "../aws/aws_error.ts";
import type { Belonging, Belongings, EcsThingData, EcsThingType } from "./belongings.ts";
import type { EcsExtraParams } from "./extra_params.ts";
import type { RunName } from "./names.ts";
import type { RequestContext } from "./requests.ts";

/** What making takes. */
export interface MakerOptions {
  /** The user's dictionary. */
  readonly params: EcsExtraParams;
  /** The run. */
  readonly run: RunName;
  /** What the run has made. */
  readonly belongings: Belongings;
  /** A line for the user. */
  notice(line: string): void;
}

/** A thing that is made by one call. */
export interface Making<Answer> {
  /** What it is. */
  readonly type: EcsThingType;
  /** Its name, or the token of the call. */
  readonly key: string;
  /** Where it is. */
  readonly where: EcsThingData;
  /** The call, for people. */
  readonly action: AwsAction;
  /** Makes the call, with what {@linkcode Maker.context} says by then. */
  call(): Promise<Answer>;
}

/** A thing that was made. */
export interface Made<Answer> {
  /** AWS's answer. */
  readonly answer: Answer;
  /** Its line in the register, which is to be told what the answer says. */
  readonly thing: Belonging & { made(data: EcsThingData): Promise<void> };
}

/** Makes the things of one run. */
export class Maker {
  readonly #options: MakerOptions;
  #tagged = true;

  /** Has made nothing yet. */
  constructor(options: MakerOptions) {
    this.#options = options;
  }

  /** The inputs' context. */
  get context(): RequestContext {
    const { params, run } = this.#options;
    return { params, run, tagged: this.#tagged };
  }

  /**
   * Writes a thing down, makes it, and makes it once more without tags where tagging is what is denied.
   *
   * @throws {AwsError} if AWS refuses, or does not answer.
   */
  async make<Answer>(making: Making<Answer>): Promise<Made<Answer>> {
    const { type, key, where, action, call } = making;
    const thing = await this.#options.belongings.intend(type, key, { ...where, tagged: this.#tagged });
    try {
      return { answer: await call(), thing };
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      // A refused call made nothing; of one without an answer no one can tell.
      if (error.kind !== "unanswered") await thing.gone();
      if (!this.#tagged || !error.concernsTags) throw error;
      this.giveUpTags(error, action);
      return await this.make(making);
    }
  }

  /** Goes on without tags. */
  giveUpTags(error: AwsError, action: AwsAction): void {
    this.#tagged = false;
    this.#options.notice(
      `AWS does not let '${action}' tag what it makes, so it is made without tags, and found by name and register: ${error.said}`,
    );
  }
}
