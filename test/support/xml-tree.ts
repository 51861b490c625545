// Reads XML strictly, as far as files of ours go: elements, attributes, text. What is not well-formed throws.
export interface XmlElement {
  name: string;
  attributes: Record<string, string>;
  children: XmlElement[];
  /** Of this element alone, its children's left out. */
  text: string;
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"' };
const TOKEN =
  /<\?xml version="1\.0" encoding="UTF-8"\?>\s*|<\/([\w:]+)>|<([\w:]+)((?:\s+[\w:]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;

function unescaped(text: string): string {
  if (/&(?!(amp|lt|gt|quot);)/.test(text)) throw new SyntaxError(`an ampersand that is none of an entity: ${text}`);
  return text.replaceAll(/&(\w+);/g, (_, name: string) => entities[name] ?? '');
}

export function xmlTree(xml: string): XmlElement {
  const root: XmlElement = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  let at = 0;
  for (const token of xml.matchAll(TOKEN)) {
    const [whole, closed, name, attributes = '', empty, text] = token;
    at = token.index + whole.length;
    const inside = open.at(-1) as XmlElement;
    if (text !== undefined) inside.text += unescaped(text);
    if (closed !== undefined && open.pop()?.name !== closed) throw new SyntaxError(`</${closed}> closes another`);
    if (name === undefined) continue;
    const given = [...attributes.matchAll(/([\w:]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [
      key,
      unescaped(value),
    ]);
    const element = { name, attributes: Object.fromEntries(given), children: [], text: '' };
    if (Object.keys(element.attributes).length !== given.length)
      throw new SyntaxError(`<${name}> repeats an attribute`);
    inside.children.push(element);
    if (empty === '') open.push(element);
  }
  if (at !== xml.length || open.length !== 1 || root.children.length !== 1 || root.text.trim() !== '') {
    throw new SyntaxError(`not well-formed, at ${at} of ${xml.length}`);
  }
  return root.children[0] as XmlElement;
}
