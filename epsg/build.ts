/**
 * Makes our table of coordinate systems from PROJ's database, which holds EPSG's facts: `deno task epsg`. With `--check` it only
 * says whether what stands there is what the database gives, where the machine has the release of PROJ that it was made from.
 * `--database FILE` names another one than Debian's.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "@std/cli/parse-args";
import { fromFileUrl } from "@std/path";
import { plainName } from "../raster/crs/crs_definition.ts";
import type { EpsgData } from "../raster/crs/epsg_table.ts";
import { PARAMETER_CODES } from "../raster/crs/projection_methods.ts";
import { LINEAR_UNITS } from "../raster/crs/units.ts";

/** Where Debian's proj-data puts it. */
const DATABASE = "/usr/share/proj/proj.db";
const TARGET = fromFileUrl(new URL("../raster/crs/epsg_data.ts", import.meta.url));
const LINE_CHARS = 100;
/** GeoKeys are shorts, and 32767 is "user-defined" there. */
const MAX_CODE = 32766;
/** A conversion has at most so many parameters. */
const MAX_PARAMETERS = 7;

type Row = Record<string, string | number | null>;

const args = parseArgs(Deno.args, { boolean: ["check"], string: ["database"] });
const database = new DatabaseSync(args.database ?? DATABASE, { readOnly: true });
const rows = (sql: string): Row[] => database.prepare(sql).all() as Row[];
const release = metadata("PROJ.VERSION");

if (!args.check) await Deno.writeTextFile(TARGET, await moduleText());
else await check();

async function check(): Promise<void> {
  const text = await Deno.readTextFile(TARGET);
  const made = text.match(/PROJ ([\d.]+)/)?.[1];
  if (made !== release) {
    console.log(`'${TARGET}' is of PROJ ${made}, and this machine has ${release}: nothing to compare`);
    return;
  }
  if (text === await moduleText()) return;
  console.error(`'${TARGET}' is not what PROJ ${release} gives: run deno task epsg`);
  Deno.exit(1);
}

function metadata(key: string): string {
  return String(rows(`SELECT value FROM metadata WHERE key = '${key}'`)[0]!.value);
}

function data(): EpsgData {
  for (
    const { code, conv_factor: metres } of rows(
      `SELECT code, conv_factor FROM unit_of_measure WHERE auth_name = 'EPSG' AND type = 'length'`,
    )
  ) {
    const ours = LINEAR_UNITS[Number(code)];
    if (ours !== undefined && ours !== metres) {
      throw new Error(`unit ${code} has ${metres} metres, not ${ours}`);
    }
  }
  const conversions = conversionRows();
  return {
    ellipsoids: rows(`
      SELECT e.code, e.name, e.semi_major_axis * u.conv_factor AS a, e.inv_flattening AS f, e.semi_minor_axis AS b,
        e.semi_major_axis AS raw
      FROM ellipsoid e JOIN unit_of_measure u ON u.auth_name = e.uom_auth_name AND u.code = e.uom_code
      WHERE e.auth_name = 'EPSG' ORDER BY CAST(e.code AS INTEGER)`)
      .map(({ code, name, a, f, b, raw }) => [
        ...[Number(code), String(name), Number(a)] as const,
        f !== null ? Number(f) : b === raw ? 0 : Number(raw) / (Number(raw) - Number(b)),
      ]),
    meridians: rows(`
      SELECT code, name, longitude, uom_code FROM prime_meridian WHERE auth_name = 'EPSG'
      ORDER BY CAST(code AS INTEGER)`)
      .map(({ code, name, longitude, uom_code }) => [
        ...[Number(code), String(name), Number(longitude), Number(uom_code)] as const,
      ]),
    datums: datumRows(),
    geodetic: rows(`
      SELECT g.code, g.name, g.type, g.datum_code, a.uom_code
      FROM geodetic_crs g JOIN axis a ON a.coordinate_system_auth_name = g.coordinate_system_auth_name
        AND a.coordinate_system_code = g.coordinate_system_code AND a.coordinate_system_order = 1
      WHERE g.auth_name = 'EPSG' AND CAST(g.code AS INTEGER) <= ${MAX_CODE} ORDER BY CAST(g.code AS INTEGER)`)
      .map(({ code, name, type, datum_code, uom_code }) => [
        ...[Number(code), String(name), Number(datum_code)] as const,
        type === "geocentric" ? 4 : type === "geographic 3D" ? 3 : 2,
        Number(uom_code),
      ]),
    replacements: rows(`
      SELECT deprecated_code, MIN(replacement_code) AS replacement FROM deprecation
      WHERE table_name = 'projected_crs' AND deprecated_auth_name = 'EPSG' AND replacement_auth_name = 'EPSG'
        AND CAST(deprecated_code AS INTEGER) <= ${MAX_CODE}
      GROUP BY deprecated_code HAVING COUNT(*) = 1 ORDER BY CAST(deprecated_code AS INTEGER)`)
      .map(({ deprecated_code, replacement }) => [Number(deprecated_code), Number(replacement)]),
    methods: conversions.methods,
    conversions: conversions.rows,
    projected: rows(`
      SELECT p.code, p.name, p.geodetic_crs_code, p.conversion_code, a.uom_code
      FROM projected_crs p JOIN axis a ON a.coordinate_system_auth_name = p.coordinate_system_auth_name
        AND a.coordinate_system_code = p.coordinate_system_code AND a.coordinate_system_order = 1
      WHERE p.auth_name = 'EPSG' AND CAST(p.code AS INTEGER) <= ${MAX_CODE} ORDER BY CAST(p.code AS INTEGER)`)
      .map(({ code, name, geodetic_crs_code, conversion_code, uom_code }) => [
        Number(code),
        String(name),
        Number(geodetic_crs_code),
        Number(conversion_code),
        Number(uom_code),
      ]),
  };
}

/** Datums with the names that EPSG, Esri and PROJ have for them besides, and whether their coordinates move with time. */
function datumRows(): EpsgData["datums"] {
  const aliases = Map.groupBy(
    rows(`SELECT code, alt_name FROM alias_name WHERE auth_name = 'EPSG' AND table_name = 'geodetic_datum'
      ORDER BY CAST(code AS INTEGER), alt_name`),
    ({ code }) => Number(code),
  );
  // The datum in a deprecated one's place has most of its other names, too.
  const current = new Set(
    rows(
      `SELECT a.alt_name FROM alias_name a JOIN geodetic_datum d ON d.auth_name = a.auth_name AND d.code = a.code
      WHERE a.auth_name = 'EPSG' AND a.table_name = 'geodetic_datum' AND d.deprecated = 0`,
    )
      .map(({ alt_name }) => String(alt_name)),
  );
  const ofMoving = new Set(
    rows(`SELECT DISTINCT m.ensemble_code AS code FROM geodetic_datum_ensemble_member m
      JOIN geodetic_datum d ON d.auth_name = m.member_auth_name AND d.code = m.member_code
      WHERE m.ensemble_auth_name = 'EPSG' AND d.frame_reference_epoch IS NOT NULL`).map(({ code }) =>
      Number(code)
    ),
  );
  return rows(`
    SELECT code, name, ellipsoid_code, prime_meridian_code, frame_reference_epoch, deprecated FROM geodetic_datum
    WHERE auth_name = 'EPSG' ORDER BY CAST(code AS INTEGER)`)
    .map((row) => {
      const code = Number(row.code);
      const isMoving = row.frame_reference_epoch !== null || ofMoving.has(code);
      const found = (aliases.get(code) ?? []).map(({ alt_name }) => String(alt_name));
      const others = new Set(row.deprecated === 1 ? found.filter((name) => !current.has(name)) : found);
      others.delete(String(row.name));
      return [
        code,
        String(row.name),
        Number(row.ellipsoid_code),
        Number(row.prime_meridian_code),
        isMoving ? 1 : 0,
        ...others,
      ];
    });
}

/** Map projections: the parameters once a method, the values with their units in the same order. */
function conversionRows(): { methods: EpsgData["methods"]; rows: EpsgData["conversions"] } {
  const methods: Record<string, [string, ...(number | string)[]]> = {};
  const names = new Map(
    rows(`SELECT code, name FROM conversion_param WHERE auth_name = 'EPSG'`)
      .map(({ code, name }) => [Number(code), String(name)]),
  );
  const found: (readonly number[])[] = [];
  for (
    const row of rows(`
    SELECT c.*, m.name AS method_name FROM conversion_table c
    JOIN conversion_method m ON m.auth_name = c.method_auth_name AND m.code = c.method_code
    WHERE c.auth_name = 'EPSG' AND EXISTS (SELECT 1 FROM projected_crs p JOIN conversion_table q
      ON q.auth_name = p.conversion_auth_name AND q.code = p.conversion_code
      WHERE p.auth_name = 'EPSG' AND q.method_code = c.method_code)
    ORDER BY CAST(c.code AS INTEGER)`)
  ) {
    const codes: (number | string)[] = [];
    const values: number[] = [];
    for (let at = 1; at <= MAX_PARAMETERS; at++) {
      if (row[`param${at}_code`] === null) break;
      const code = Number(row[`param${at}_code`]);
      // What our own code has no name for keeps EPSG's.
      codes.push(PARAMETER_CODES[code] === undefined ? plainName(names.get(code)!) : code);
      values.push(Number(row[`param${at}_value`]), Number(row[`param${at}_uom_code`]));
    }
    const known = methods[String(row.method_code)] ??= [String(row.method_name), ...codes];
    if (known.slice(1).join() !== codes.join()) {
      throw new Error(`conversion ${row.code} has other parameters`);
    }
    found.push([Number(row.code), Number(row.method_code), ...values]);
  }
  return { methods, rows: found };
}

async function moduleText(): Promise<string> {
  const json = new TextEncoder().encode(JSON.stringify(data()));
  const deflated = new Response(json).body!.pipeThrough(new CompressionStream("deflate-raw"));
  const base64 = new Uint8Array(await new Response(deflated).arrayBuffer()).toBase64();
  const lines: string[] = [];
  for (let at = 0; at < base64.length; at += LINE_CHARS) lines.push(base64.slice(at, at + LINE_CHARS));
  return `/**
 * EPSG's coordinate systems (${metadata("EPSG.VERSION")} of ${
    metadata("EPSG.DATE")
  }) from the database of PROJ ${release}, made by
 * \`deno task epsg\`; not to be edited.
 *
 * @module
 */

/** The JSON of \`EpsgData\`, deflated, base64. */
export const EPSG_DATA: string = [
${lines.map((line) => `  "${line}",`).join("\n")}
].join("");
`;
}
