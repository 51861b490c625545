// The address of the next page, for the Link header.

/**
 * @param url path and query as they were asked
 * @returns a header's value; relative, for only a proxy in front knows by which name the service is reached
 * Source: RFC 8288, 3; relation `next` as registered
 */
export function nextLink(url: string, cursor: string): string {
  const [path = '', query = ''] = url.split('?');
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', cursor);
  return `<${path}?${parameters}>; rel="next"`;
}
