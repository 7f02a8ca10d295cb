/**
 * The command line as a compiled program sees itself. Its first argument is the path of the program, a script that
 * starts this module. With no network there is no `denort` to make a program that runs.
 *
 * @module
 */
const [path, ...args] = Deno.args;
Object.defineProperty(Deno, "build", { value: { ...Deno.build, standalone: true } });
Deno.execPath = () => path!;
// What looks at Deno while it is loaded must see the above.
const { main } = await import("../../cli/main.ts");
Deno.exit(await main(args));
