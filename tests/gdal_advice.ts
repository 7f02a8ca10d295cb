/**
 * Runs the GDAL commands that messages name, so that no message advises what does not help.
 *
 * @module
 */
import { runPython } from "./gdal.ts";

const RUN = `
import sys
from osgeo import gdal
gdal.UseExceptions()
tool, options, source, target = sys.argv[1:]
run = {"gdal_translate": gdal.Translate, "gdalwarp": gdal.Warp}[tool]
run(target, source, options=options)
`;

/**
 * Runs the command in `message` on files of the test's own: in messages IN.tif and OUT.tif stand for them, or the file's
 * own name.
 *
 * @throws {Error} if the message names no command, or the command fails.
 */
export async function runAdvice(message: string, source: string, target: string): Promise<void> {
  const found = /(gdal_translate|gdalwarp) ((?:-\S+ (?:[\w=]+ )*)*)(\S*)IN\.tif OUT\.tif/.exec(message);
  if (found === null) throw new Error(`no command in: ${message}`);
  const [, tool, options, prefix] = found as unknown as [string, string, string, string];
  await runPython(RUN, tool, options.trim(), prefix + source, target);
}
