/**
 * EPSG's codes and what they mean. The table takes some 20 ms to unpack, so that it is loaded when a code has to be looked
 * into, and not before: {@linkcode loadEpsgTable}.
 *
 * @module
 */
import {
  type CrsDefinition,
  datumKey,
  type Ellipsoid,
  type Geodetic,
  type Named,
  type PrimeMeridian,
} from "./crs_definition.ts";
import type { Projection } from "./crs_definition.ts";
import { METHODS, PARAMETER_CODES } from "./projection_methods.ts";
import { projectionOf } from "./projection_of.ts";
import { ANGULAR_UNITS, LINEAR_UNITS } from "./units.ts";

/** The table as `epsg/build.ts` writes it. Units are EPSG's codes; lists are in ascending order of codes. */
export interface EpsgData {
  /** Metres, and 1/f (0 for a sphere). */
  readonly ellipsoids:
    readonly (readonly [code: number, name: string, semiMajor: number, inverseFlattening: number])[];
  /** Longitudes east of Greenwich in a unit. */
  readonly meridians: readonly (readonly [code: number, name: string, longitude: number, unit: number])[];
  /** With other names of the datum; `isMoving` if its coordinates change with time, as the continents do. */
  readonly datums: readonly (readonly [
    code: number,
    name: string,
    ellipsoid: number,
    meridian: number,
    isMoving: 0 | 1,
    ...others: string[],
  ])[];
  /** 2 and 3 are the dimensions of geographic systems, 4 is geocentric. */
  readonly geodetic:
    readonly (readonly [code: number, name: string, datum: number, kind: 2 | 3 | 4, unit: number])[];
  /** Deprecated projected systems and what is in their place, where that is one other system. */
  readonly replacements: readonly (readonly [code: number, replacement: number])[];
  /** By the method's code: its name and its parameters, by EPSG's codes or by names in small letters and digits. */
  readonly methods: Readonly<Record<string, readonly [name: string, ...parameters: (number | string)[]]>>;
  /** Code, method, and for each parameter of the method a value and its unit. */
  readonly conversions: readonly (readonly number[])[];
  /** Projected systems: their geodetic base, conversion and unit. */
  readonly projected:
    readonly (readonly [code: number, name: string, base: number, conversion: number, unit: number])[];
}

/** A datum and what hangs on it. */
export interface EpsgDatum extends Named {
  /** EPSG's code. */
  readonly code: number;
  /** Its ellipsoid. */
  readonly ellipsoid: Ellipsoid;
  /** Its prime meridian. */
  readonly primeMeridian: PrimeMeridian;
  /** Whether coordinates change with time (an ITRF, WGS 84). */
  readonly isMoving: boolean;
}

/** Sexagesimal degrees, minutes and seconds: 12.27084 is 12° 27' 08.4" (EPSG's unit 9110). */
const SEXAGESIMAL = 9110;
/** Parts per million (EPSG's unit 9202). */
const PER_MILLION = 9202;

let loaded: Promise<EpsgTable> | undefined;

/** The table, unpacked at the first call. */
export function loadEpsgTable(): Promise<EpsgTable> {
  return loaded ??= (async () => {
    const { EPSG_DATA } = await import("./epsg_data.ts");
    const bytes = new Response(Uint8Array.fromBase64(EPSG_DATA)).body!;
    const json = await new Response(bytes.pipeThrough(new DecompressionStream("deflate-raw"))).text();
    return new EpsgTable(JSON.parse(json));
  })();
}

/** Look-ups by code. */
export class EpsgTable {
  readonly #ellipsoids: ReadonlyMap<number, EpsgData["ellipsoids"][number]>;
  readonly #meridians: ReadonlyMap<number, EpsgData["meridians"][number]>;
  readonly #datums: ReadonlyMap<number, EpsgData["datums"][number]>;
  readonly #geodetic: ReadonlyMap<number, EpsgData["geodetic"][number]>;
  readonly #conversions: ReadonlyMap<number, readonly number[]>;
  readonly #projected: ReadonlyMap<number, EpsgData["projected"][number]>;
  readonly #replacements: ReadonlyMap<number, number>;
  readonly #methods: EpsgData["methods"];
  #datumsByName: ReadonlyMap<string, number> | undefined;

  constructor(data: EpsgData) {
    this.#ellipsoids = byCode(data.ellipsoids);
    this.#meridians = byCode(data.meridians);
    this.#datums = byCode(data.datums);
    this.#geodetic = byCode(data.geodetic);
    this.#conversions = byCode(data.conversions);
    this.#projected = byCode(data.projected);
    this.#replacements = new Map(data.replacements);
    this.#methods = data.methods;
  }

  /** A projected system, or what is in a deprecated one's place: GDAL takes a code alone for that. */
  current(code: number): CrsDefinition | undefined {
    return this.projected(this.#replacements.get(code) ?? code);
  }

  /** A projected system as EPSG has it, or had it before it was deprecated. */
  projected(code: number): CrsDefinition | undefined {
    const row = this.#projected.get(code);
    if (row === undefined) return undefined;
    const [, name, base, conversion, unit] = row;
    const geodetic = this.geodetic(base)?.geodetic;
    const projection = geodetic && this.conversion(conversion, geodetic.ellipsoid.inverseFlattening === 0);
    if (projection === undefined) return undefined;
    return { kind: "projected", name, code, geodetic, projection, metresPerUnit: LINEAR_UNITS[unit] ?? 1 };
  }

  /** A geographic or geocentric system. */
  geodetic(code: number): (CrsDefinition & { readonly geodetic: Geodetic }) | undefined {
    const row = this.#geodetic.get(code);
    if (row === undefined) return undefined;
    const [, name, datumCode, kind, unit] = row;
    const { ellipsoid, primeMeridian, ...datum } = this.datum(datumCode)!;
    const degreesPerUnit = kind === 4 ? 1 : ANGULAR_UNITS[unit] ?? 1;
    return {
      kind: kind === 4 ? "geocentric" : "geographic",
      name,
      code,
      geodetic: { name, code, datum, ellipsoid, primeMeridian, degreesPerUnit },
      metresPerUnit: kind === 4 ? LINEAR_UNITS[unit] ?? 1 : 1,
    };
  }

  /** A datum or datum ensemble. */
  datum(code: number): EpsgDatum | undefined {
    const row = this.#datums.get(code);
    if (row === undefined) return undefined;
    const [, name, ellipsoid, meridian, isMoving] = row;
    return {
      name,
      code,
      ellipsoid: this.ellipsoid(ellipsoid)!,
      primeMeridian: this.meridian(meridian)!,
      isMoving: isMoving === 1,
    };
  }

  /** The code of a datum that EPSG, Esri or PROJ calls by `name`; undefined if none does, or more than one. */
  datumOfName(name: string): number | undefined {
    this.#datumsByName ??= datumNames([...this.#datums.values()]);
    const code = this.#datumsByName.get(datumKey(name)) ??
      this.#datumsByName.get(datumKey(name.replace(/^D_/, "")));
    return code === AMBIGUOUS ? undefined : code;
  }

  /** An ellipsoid. */
  ellipsoid(code: number): Ellipsoid | undefined {
    const row = this.#ellipsoids.get(code);
    return row && { name: row[1], code, semiMajor: row[2], inverseFlattening: row[3] };
  }

  /** A prime meridian. */
  meridian(code: number): PrimeMeridian | undefined {
    const row = this.#meridians.get(code);
    return row && { name: row[1], code, longitude: valueOf(row[2], row[3]) };
  }

  /** Whether a prime meridian is called so. */
  hasMeridian(name: string): boolean {
    return [...this.#meridians.values()].some((row) => row[1] === name);
  }

  /** A map projection with its parameters, as a conversion's code names it. */
  conversion(code: number, isSphere: boolean): Projection | undefined {
    const row = this.#conversions.get(code);
    if (row === undefined) return undefined;
    const [, method, ...values] = row;
    const [name, ...codes] = this.#methods[String(method)]!;
    const known = METHODS.find(({ epsg }) => epsg.includes(method!));
    const parameters = new Map(
      codes.map((parameter, index) => [
        typeof parameter === "string" ? parameter : PARAMETER_CODES[parameter]!,
        valueOf(values[2 * index]!, values[2 * index + 1]!),
      ]),
    );
    // EPSG's axes of Krovak's own form point south and west; its names tell the forms apart.
    return projectionOf(known?.name ?? name, parameters, { isSphere, isSouthWest: true });
  }
}

/** Marks a name that more than one datum has. */
const AMBIGUOUS = 0;

function datumNames(rows: EpsgData["datums"]): ReadonlyMap<string, number> {
  const names = new Map<string, number>();
  // A datum's own name goes before the other names of another.
  for (const [code, name] of rows) names.set(datumKey(name), code);
  const own = new Set(names.keys());
  for (const [code, , , , , ...others] of rows) {
    for (const name of new Set(others.map(datumKey))) {
      if (own.has(name)) continue;
      const known = names.get(name);
      names.set(name, known === undefined || known === code ? code : AMBIGUOUS);
    }
  }
  return names;
}

function byCode<Row extends readonly [number, ...unknown[]] | readonly number[]>(
  rows: readonly Row[],
): ReadonlyMap<number, Row> {
  return new Map(rows.map((row) => [row[0] as number, row]));
}

/** A value of one of EPSG's units in degrees, metres or as a factor. */
function valueOf(value: number, unit: number): number {
  if (unit === SEXAGESIMAL) return fromSexagesimal(value);
  if (unit === PER_MILLION) return value / 1e6;
  return value * (ANGULAR_UNITS[unit] ?? LINEAR_UNITS[unit] ?? 1);
}

function fromSexagesimal(value: number): number {
  const [degrees, rest = ""] = Math.abs(value).toFixed(12).split(".");
  const minutes = rest.slice(0, 2);
  const seconds = `${rest.slice(2, 4)}.${rest.slice(4)}`;
  return Math.sign(value) * (Number(degrees) + Number(minutes) / 60 + Number(seconds) / 3600);
}
