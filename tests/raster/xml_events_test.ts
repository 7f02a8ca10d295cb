import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseGdalMetadata } from "../../raster/geotiff/gdal_metadata.ts";
import { XmlError, xmlEvents } from "../../raster/geotiff/xml_events.ts";

/** A document in one line: `<a k=v>`, `"text"`, `</a>`. */
function seen(xml: string): string {
  return [...xmlEvents(xml)].map((event) => {
    if (event.kind === "text") return JSON.stringify(event.text);
    if (event.kind === "close") return `</${event.name}>`;
    const attributes = [...event.attributes].map(([key, value]) => ` ${key}=${value}`).join("");
    return `<${event.name}${attributes}>`;
  }).join("");
}

Deno.test("tags, texts, attributes and CDATA are told in their order, comments and instructions are not", () => {
  assertEquals(
    seen(
      `\ufeff<?xml version="1.0"?><!-- <no/> --><a x='1>"' y = "&lt;&#65;">t&amp;<b/><![CDATA[<&amp;>]]></a >\n`,
    ),
    `<a x=1>" y=<A>"t&"<b></b>"<&amp;>"</a>`,
  );
  assertEquals(
    seen("<a>&unknown; & &#x110000; &toString;</a>"),
    `<a>"&unknown; & &#x110000; &toString;"</a>`,
  );
  assertEquals(seen(""), "");
});

Deno.test("what is not well-formed is refused where it is so", () => {
  const cases: Readonly<Record<string, string>> = {
    "<a>": "<a> is not closed",
    "<a></b>": "</b> closes nothing",
    "</a>": "</a> closes nothing",
    "junk": "text outside",
    "<a/>junk": "text outside",
    "<a x=1/>": "a tag is not closed",
    "<a x='1/>": "a tag is not closed",
    "< a/>": "a tag has no name",
    "<!-- ": "'-->' is missing",
    "<a><![CDATA[": "']]>' is missing",
    "<?xml": "'?>' is missing",
    "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>": "it has a DOCTYPE",
  };
  for (const [xml, message] of Object.entries(cases)) {
    assertThrows(() => seen(xml), XmlError, message, xml);
  }
  assertThrows(() => seen("<a>".repeat(200)), XmlError, "more than 100 nested elements");
});

Deno.test("no text makes the reader slow or large: a million of anything is gone through once", () => {
  const many = 1_000_000;
  const hostile = [
    ...[
      "<",
      "<a ",
      "<a x",
      "<a x=",
      "<a x='",
      "<a>",
      "</a>",
      "&",
      "&#",
      "&a",
      "&amp;",
      "<!--",
      "<![CDATA[",
      "<?",
      "<!",
    ],
    ...[" ", "\0", "\n", "x", "'", '"', "=", "<Item name=", `<Item name="`, "<Item "],
  ];
  // A reader that took time by the square of the text would need hours for one of these.
  for (const piece of hostile) {
    for (const start of ["", "<a>", "<a "]) {
      const text = start + piece.repeat(Math.floor(many / piece.length));
      try {
        for (const _event of xmlEvents(text));
      } catch (error) {
        assert(error instanceof XmlError, `${piece}: ${error}`);
        assert((error as XmlError).message.length < 200);
      }
      assertEquals(parseGdalMetadata(text), []);
    }
  }
});

Deno.test("the items before a fault in GDAL_METADATA are kept", () => {
  const item = `<Item name="A" sample="0">1</Item>`;
  assertEquals(parseGdalMetadata(`<GDALMetadata>${item}<Item name="B"></GDALMetadata>`), [
    { name: "A", sample: 0, role: "", value: "1" },
  ]);
});
