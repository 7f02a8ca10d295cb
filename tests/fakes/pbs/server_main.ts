/**
 * The fake PBS: `server_main.ts FOLDER`, which holds `config.json`.
 *
 * @module
 */
import { PbsServer } from "./pbs_server.ts";
import { servePbs } from "./serve_pbs.ts";

const folder = Deno.args[0]!;
await servePbs(folder, new PbsServer(folder, JSON.parse(Deno.readTextFileSync(`${folder}/config.json`))));
