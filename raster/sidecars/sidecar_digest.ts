/**
 * Whether the files beside an input still say what they said when the run was planned.
 *
 * @module
 */
import { isByPoints, type SidecarFacts } from "./sidecar_facts.ts";

/**
 * SHA-256 of what the files beside a raster say of its place, coordinate system and nodata values; "" if they say nothing
 * of these. It stays the same when a viewer adds statistics.
 */
export async function sidecarDigest({ pam, worldFile }: SidecarFacts): Promise<string> {
  const { geotransform, wkt, nodata } = pam?.facts ?? {};
  const byPoints = isByPoints(pam?.facts) || undefined;
  const facts = [geotransform, wkt, nodata && [...nodata], worldFile?.geotransform, byPoints];
  if (facts.every((fact) => fact === undefined || Array.isArray(fact) && fact.length === 0)) return "";
  // NaN, which JSON does not know, is in the decimal text, too.
  const bytes = new TextEncoder().encode(JSON.stringify(facts));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
