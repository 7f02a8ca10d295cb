/**
 * The SDK's types, by name.
 *
 * @module
 */

/** What a command of an SDK module takes, such as `SdkInput<typeof import("@aws-sdk/client-ecs"), "RunTaskCommand">`. */
export type SdkInput<SdkModule, Command extends keyof SdkModule> = SdkModule[Command] extends
  new (...args: infer Args) => unknown ? OnlyOf<Args> : never;

/** The argument of a list of one; of all lists of one, in a union of lists. */
export type OnlyOf<Args> = Args extends [infer Only] ? Only : never;
