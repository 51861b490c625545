// Fetches a document from another host that an address in foreign data names, without letting that address reach inside.
import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { BlockList, isIP } from 'node:net';
import { problem } from '../problem.ts';

export const guardedFetchLimits = { timeout_ms: 5_000, body_bytes: 262_144 } as const;

export type AddressLookup = (host: string, done: (error: Error | null, addresses: LookupAddress[]) => void) => void;

export interface GuardedFetchOptions {
  /** Host names, `*.example.org` for every name below one; nothing else is asked. */
  hosts: readonly string[];
  /** Certificates to trust instead of the system's, PEM. */
  ca?: string;
  lookup?: AddressLookup;
  limits?: { timeout_ms: number; body_bytes: number };
}

/** @returns the text at the address; null where its host says that there is none (404, 410) */
export type GuardedFetch = (address: string, contentTypes: readonly string[]) => Promise<string | null>;

const resolveAll: AddressLookup = (host, done) => systemLookup(host, { all: true }, done);

const inside = new BlockList();
// Source: IANA's special-purpose address registries.
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  inside.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  inside.addSubnet(network, prefix, 'ipv6');
}
const globalV6 = new BlockList();
globalV6.addSubnet('2000::', 3, 'ipv6');
const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

function isOutside(address: string): boolean {
  if (isIP(address) === 4) return !inside.check(address, 'ipv4');
  // Everything mapped, translated, unique-local or link-local lies outside 2000::/3.
  return isIP(address) === 6 && globalV6.check(address, 'ipv6') && !inside.check(address, 'ipv6');
}

function isLoopback(address: string): boolean {
  return loopback.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/**
 * A fetch for one list of hosts: https only, no redirect, no credentials, one deadline, one size.
 * A name's addresses are checked and the connection goes to exactly those, so that a name can't change its mind between.
 * Loopback is reached only by a name under `localhost` that the list holds, for development.
 *
 * @throws FETCH_NOT_ALLOWED, FETCH_FAILED; neither repeats anything of the answer
 */
export function createGuardedFetch(options: GuardedFetchOptions): GuardedFetch {
  const { lookup = resolveAll, limits = guardedFetchLimits } = options;

  return async (address, contentTypes) => {
    const url = new URL(address);
    const host = url.hostname.toLowerCase();
    if (url.protocol !== 'https:' || url.username !== '' || url.password !== '') {
      throw problem('FETCH_NOT_ALLOWED', 'Other hosts are asked over https, without credentials in the address.');
    }
    if (isIP(host.replace(/^\[|\]$/g, '')) !== 0 || !isListed(host, options.hosts)) {
      throw problem('FETCH_NOT_ALLOWED', 'That host is not on the list of hosts this service asks (DID_WEB_HOSTS).');
    }
    const mayBeLoopback = host === 'localhost' || host.endsWith('.localhost');
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), limits.timeout_ms);
    try {
      const answer = await ask(url, contentTypes, stop.signal, checked(lookup, mayBeLoopback));
      return await read(answer, contentTypes, limits.body_bytes);
    } catch (error) {
      if (stop.signal.aborted) throw problem('FETCH_FAILED', `The host did not answer in ${limits.timeout_ms} ms.`);
      if (error instanceof Error && error.name === 'Problem') throw error;
      throw problem('FETCH_FAILED', 'The host could not be reached over https.');
    } finally {
      clearTimeout(timer);
      stop.abort();
    }
  };

  function ask(url: URL, contentTypes: readonly string[], signal: AbortSignal, lookupChecked: unknown) {
    return new Promise<IncomingMessage>((resolve, reject) => {
      const asking = request(url, {
        headers: { accept: contentTypes.join(', '), 'accept-encoding': 'identity' },
        agent: false,
        signal,
        lookup: lookupChecked as never,
        ...(options.ca === undefined ? {} : { ca: options.ca }),
      });
      asking.once('response', resolve).once('error', reject).end();
    });
  }
}

function isListed(host: string, hosts: readonly string[]): boolean {
  return hosts.some((entry) => (entry.startsWith('*.') ? host.endsWith(entry.slice(1)) : host === entry));
}

/** Node's `lookup` in front of which every address is checked; one that points inside refuses the name. */
function checked(lookup: AddressLookup, mayBeLoopback: boolean) {
  return (
    host: string,
    { all }: { all?: boolean },
    done: (error: Error | null, address?: string | LookupAddress[], family?: number) => void,
  ) =>
    lookup(host, (error, addresses) => {
      if (error) return done(error);
      const [first] = addresses;
      const good = addresses.every(({ address }) => isOutside(address) || (mayBeLoopback && isLoopback(address)));
      if (!good || first === undefined) {
        return done(problem('FETCH_NOT_ALLOWED', 'The name of that host points to an address inside a network.'));
      }
      return all ? done(null, addresses) : done(null, first.address, first.family);
    });
}

async function read(answer: IncomingMessage, contentTypes: readonly string[], body_bytes: number) {
  const status = answer.statusCode ?? 0;
  if (status === 404 || status === 410) return null;
  if (status >= 300 && status < 400)
    throw problem('FETCH_NOT_ALLOWED', 'The host redirects; redirects are not followed.');
  if (status !== 200) throw problem('FETCH_FAILED', `The host answered with status ${status}.`);
  const type = answer.headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (!contentTypes.includes(type)) throw problem('FETCH_FAILED', 'The host answered with an unexpected media type.');
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > body_bytes) throw problem('FETCH_FAILED', `The host's answer is longer than ${body_bytes} bytes.`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
