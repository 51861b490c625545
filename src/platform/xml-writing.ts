// Writes XML as text: elements with attributes and children, everything escaped that has to be.

/** XML that is written already: what stands in it is not escaped again. */
export interface Xml {
  readonly xml: string;
}

type Child = Xml | string | number;

/**
 * @param name with its prefix, if it has one; of the program, never of data
 * @param children text is escaped; what XML 1.0 has no way to write (control characters) is replaced. Source: XML 1.0, 2.2, 2.4
 */
export function element(name: string, attributes: Readonly<Record<string, string>>, ...children: Child[]): Xml {
  const inner = children.map((child) => (typeof child === 'object' ? child.xml : escaped(String(child)))).join('');
  return { xml: `${opening(name, attributes, inner === '' ? '/>' : '>')}${inner === '' ? '' : `${inner}</${name}>`}` };
}

/** The beginning of an element whose children are written later; it ends with `</name>`. */
export function opening(name: string, attributes: Readonly<Record<string, string>>, end: '>' | '/>' = '>'): string {
  const given = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${escaped(value).replaceAll('"', '&quot;')}"`,
  );
  return `<${name}${given.join('')}${end}`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '\u{FFFD}');
}
