// Which client certificates are taken: authorities, revocation lists and pinned keys, read again whenever they change.
import { createHash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Pool } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import { deviceOf, linksTo, serialOf, spkiHash } from './device-certificate.ts';
import type { CertificateProof, DeviceCredential } from './device-credential.ts';
import type { RevocationLists } from './device-crl.ts';
import { findCertificate, findPinned, listAuthorities } from './device-store.ts';

export interface TlsFiles {
  /** PEM: the service's own certificate with those above it, and its key. */
  certificateFile: string;
  keyFile: string;
  /** PEM of the utility's certificate authorities for devices. */
  clientCaFile?: string;
  /** Their revocation lists, PEM or DER; where given, every authority needs one. */
  clientCrlFile?: string;
}

/** What the listener needs of it. */
export interface TlsMaterial {
  cert: Buffer;
  key: Buffer;
  ca: string[];
}

/** A presented certificate: the handshake's finding, the certificate, and those that came along or lie in the store. */
export interface PresentedCertificate {
  /** Whether the chain, the signatures and the purposes hold. The dates and the revocation are looked at here. */
  authorized: boolean;
  chain: readonly X509Certificate[];
}

export interface DeviceTrust {
  material(): TlsMaterial;
  /** @returns null where the certificate is no device's. @throws the database's error */
  check(presented: PresentedCertificate): Promise<CertificateProof | null>;
  /** Whether an authority of the utility's still vouches for it; true for what other places know. */
  isVouchedFor(credential: DeviceCredential): boolean;
  /** Reads again what changed. @returns whether anything did; a file that can't be used leaves the last good in force */
  refresh(): Promise<boolean>;
}

interface State {
  fingerprint: string;
  material: TlsMaterial;
  own: X509Certificate[];
  foreign: X509Certificate[];
  lists: RevocationLists | null;
}

/** @throws SETTING_INVALID for a file that can't be read or used at the start */
export async function openDeviceTrust(options: {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  files: TlsFiles;
}): Promise<DeviceTrust> {
  const { pool, clock, logger, files } = options;
  let state: State;
  try {
    state = await load(pool, files, null);
  } catch (error) {
    throw problem('SETTING_INVALID', (error as Error).message);
  }

  async function byAuthority(chain: readonly X509Certificate[]): Promise<CertificateProof | null> {
    const [leaf] = chain;
    const deviceId = leaf === undefined ? null : deviceOf(leaf);
    if (leaf === undefined || deviceId === null || !isInDate(leaf)) return null;
    const until_ms = Date.parse(leaf.validTo);
    if (linksTo([leaf], state.own) !== null) {
      const credential = {
        kind: 'certificate',
        serial: serialOf(leaf.serialNumber),
        spki: spkiHash(leaf),
        until_ms,
      } as const;
      const found = await findCertificate(pool, credential);
      return found?.deviceId === deviceId ? { deviceIds: [deviceId], credential } : null;
    }
    const links = linksTo(chain, state.foreign);
    if (links === null) return null;
    const credential = { kind: 'foreign-certificate', links, until_ms } as const;
    return refusalOf(credential) === null ? { deviceIds: [deviceId], credential } : null;
  }

  /** The key alone counts: nobody vouches for the names and dates of a certificate that a module made for itself. */
  async function byPin(leaf: X509Certificate): Promise<CertificateProof | null> {
    const spki = spkiHash(leaf);
    const deviceIds = await findPinned(pool, spki);
    return deviceIds.length === 0 ? null : { deviceIds, credential: { kind: 'pin', spki, until_ms: null } };
  }

  function isInDate({ validFrom, validTo }: X509Certificate): boolean {
    const now_ms = clock.now_ms();
    return Date.parse(validFrom) <= now_ms && now_ms < Date.parse(validTo);
  }

  function refusalOf({ links }: Extract<DeviceCredential, { kind: 'foreign-certificate' }>): string | null {
    const anchor = links.at(-1)?.issuer;
    if (!state.foreign.some((ca) => spkiHash(ca).toString('hex') === anchor)) return 'authority';
    if (state.lists === null) return null;
    for (const link of links) {
      const refusal = state.lists.refusalOf(link, clock.now_ms());
      if (refusal !== null) return refusal;
    }
    return null;
  }

  return {
    material: () => state.material,
    check: async ({ authorized, chain }) => {
      const [leaf] = chain;
      if (leaf === undefined) return null;
      const vouched = authorized ? await byAuthority(chain) : null;
      return vouched ?? (await byPin(leaf));
    },
    // A list that is overdue refuses new connections; the ones that are there are cut by a list that names them.
    isVouchedFor: (credential) => {
      if (credential.kind !== 'foreign-certificate') return true;
      const refusal = refusalOf(credential);
      return refusal === null || refusal === 'list_overdue';
    },
    refresh: async () => {
      try {
        const next = await load(pool, files, state);
        const isChanged = next !== state;
        state = next;
        return isChanged;
      } catch (error) {
        logger.error(
          { reason: (error as Error).message },
          'certificates of the MQTT listener: the last good ones stay in force',
        );
        return false;
      }
    },
  };
}

/** @throws Error that names the setting and says what is wrong with its file */
async function load(pool: Pool, files: TlsFiles, last: State | null): Promise<State> {
  const read = async (setting: string, file: string | undefined): Promise<Buffer | null> => {
    if (file === undefined) return null;
    return readFile(file).catch((error: Error) => {
      throw new Error(`${setting}: ${error.message}`);
    });
  };
  const [cert, key, ca, crl, ownDer] = await Promise.all([
    read('MQTT_TLS_CERT_FILE', files.certificateFile),
    read('MQTT_TLS_KEY_FILE', files.keyFile),
    read('MQTT_CLIENT_CA_FILE', files.clientCaFile),
    read('MQTT_CLIENT_CRL_FILE', files.clientCrlFile),
    listAuthorities(pool),
  ]);
  const hash = createHash('sha256');
  for (const part of [cert, key, ca, crl, ...ownDer]) hash.update(`${part?.length ?? 'none'};`).update(part ?? '');
  const fingerprint = hash.digest('hex');
  if (last?.fingerprint === fingerprint) return last;
  const own = ownDer.map((der) => new X509Certificate(der));
  const foreign = ca === null ? [] : authoritiesIn(ca);
  const lists = crl === null ? null : await listsIn(crl, foreign);
  const pems = [...own, ...foreign].map(String);
  return {
    ...{ fingerprint, own, foreign, lists },
    material: { cert: cert ?? Buffer.alloc(0), key: key ?? Buffer.alloc(0), ca: pems },
  };
}

function authoritiesIn(file: Buffer): X509Certificate[] {
  const blocks = file.toString('latin1').match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0)
    throw new Error('MQTT_CLIENT_CA_FILE: holds no certificate; give PEM of one or more authorities');
  return blocks.map((block, index) => {
    const certificate = new X509Certificate(block);
    if (!certificate.ca)
      throw new Error(`MQTT_CLIENT_CA_FILE: certificate ${index + 1} (${certificate.subject}) is not an authority's`);
    return certificate;
  });
}

async function listsIn(file: Buffer, authorities: readonly X509Certificate[]): Promise<RevocationLists> {
  // Half a second and some megabytes, for those who have lists.
  const { readRevocationLists } = await import('./device-crl.ts');
  return readRevocationLists(file, authorities).catch((error: Error) => {
    throw new Error(`MQTT_CLIENT_CRL_FILE: ${error.message}`);
  });
}
