import { assertEquals } from "@std/assert";
import { otherFormatNotices } from "../../raster/output_names.ts";

Deno.test("an output named like another format's file is told to be GeoTIFF, once for all", () => {
  assertEquals(otherFormatNotices(["ndvi.tif", "ndvi", "v1.2", "img/a.TIFF"]), []);
  assertEquals(otherFormatNotices(["a.tif", "b.img"]), [
    "'b.img' will be GeoTIFF, which is all that is written, whatever the name ends with",
  ]);
  assertEquals(otherFormatNotices(["b.KEA", "c.img", "d.jpeg"]), [
    "'b.KEA' and 2 more will be GeoTIFF, which is all that is written, whatever the name ends with",
  ]);
});
