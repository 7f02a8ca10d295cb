/**
 * XML as a sequence of tags and texts: for the small documents that GDAL puts into and beside TIFFs. It takes time in
 * proportion to the text and keeps nothing but the names of the open elements. There are no DTDs and so no entities but
 * XML's own five and numbers: nothing can grow beyond what stands in the text.
 *
 * @module
 */

/** A tag or a text. A tag that closes itself is an opening and a closing one. */
export type XmlEvent =
  | { readonly kind: "open"; readonly name: string; readonly attributes: ReadonlyMap<string, string> }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "close"; readonly name: string };

/** The text is no XML, or none that is read here. */
export class XmlError extends Error {}

/** More elements within each other are an attack. */
const MAX_DEPTH = 100;
/** Names are cut to this in messages. */
const SHOWN_NAME = 40;

const NAME = /[^\s\/>="'<]+/y;
const ATTRIBUTE = /\s*([^\s\/>="'<]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
const TAG_END = /\s*(\/?)>/y;

/**
 * Goes through a document. What came before an error was well-formed.
 *
 * @throws {XmlError} where the text is not well-formed, has a DOCTYPE, or ends early.
 */
export function* xmlEvents(xml: string): Generator<XmlEvent, void, void> {
  const open: string[] = [];
  let at = xml.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (at < xml.length) {
    const tag = xml.indexOf("<", at);
    const textEnd = tag < 0 ? xml.length : tag;
    if (textEnd > at) {
      if (open.length > 0) yield { kind: "text", text: decodeEntities(xml.slice(at, textEnd)) };
      else if (/\S/.test(xml.slice(at, textEnd))) {
        throw new XmlError("there is text outside of the root element");
      }
    }
    if (tag < 0) break;
    if (xml.startsWith("<!--", tag)) at = after(xml, "-->", tag + 4);
    else if (xml.startsWith("<?", tag)) at = after(xml, "?>", tag + 2);
    else if (xml.startsWith("<![CDATA[", tag)) {
      at = after(xml, "]]>", tag + 9);
      if (open.length > 0) yield { kind: "text", text: xml.slice(tag + 9, at - 3) };
    } else if (xml[tag + 1] === "!") throw new XmlError("it has a DOCTYPE");
    else if (xml[tag + 1] === "/") {
      const name = nameAt(xml, tag + 2);
      if (open.pop() !== name) throw new XmlError(`</${shown(name)}> closes nothing`);
      at = tagEnd(xml, tag + 2 + name.length).at;
      yield { kind: "close", name };
    } else {
      const name = nameAt(xml, tag + 1);
      const { attributes, at: end } = attributesAt(xml, tag + 1 + name.length);
      const { isEmpty, at: next } = tagEnd(xml, end);
      at = next;
      yield { kind: "open", name, attributes };
      if (isEmpty) yield { kind: "close", name };
      else if (open.push(name) > MAX_DEPTH) {
        throw new XmlError(`it has more than ${MAX_DEPTH} nested elements`);
      }
    }
  }
  if (open.length > 0) throw new XmlError(`<${shown(open.at(-1)!)}> is not closed`);
}

/** Where the text goes on behind what ends a comment and the like. */
function after(xml: string, end: string, from: number): number {
  const at = xml.indexOf(end, from);
  if (at < 0) throw new XmlError(`'${end}' is missing`);
  return at + end.length;
}

function nameAt(xml: string, at: number): string {
  NAME.lastIndex = at;
  const name = NAME.exec(xml)?.[0];
  if (name === undefined) throw new XmlError("a tag has no name");
  return name;
}

function attributesAt(xml: string, from: number): { attributes: Map<string, string>; at: number } {
  const attributes = new Map<string, string>();
  let at = from;
  for (;;) {
    ATTRIBUTE.lastIndex = at;
    const match = ATTRIBUTE.exec(xml);
    if (match === null) return { attributes, at };
    attributes.set(match[1]!, decodeEntities(match[2] ?? match[3] ?? ""));
    at = ATTRIBUTE.lastIndex;
  }
}

function tagEnd(xml: string, at: number): { isEmpty: boolean; at: number } {
  TAG_END.lastIndex = at;
  const match = TAG_END.exec(xml);
  if (match === null) throw new XmlError("a tag is not closed by '>'");
  return { isEmpty: match[1] === "/", at: TAG_END.lastIndex };
}

function shown(name: string): string {
  return name.slice(0, SHOWN_NAME);
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** A text with XML's five entities and numbers of characters decoded; what is neither stays as it is. */
export function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,8})|#x([0-9a-f]{1,8})|(\w{1,8}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return Object.hasOwn(ENTITIES, name) ? ENTITIES[name]! : whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
