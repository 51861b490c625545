// The service's own certificate authority for devices: made once, signs what devices ask for, revokes, lists what it revoked.
import { X509Certificate } from 'node:crypto';
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import type { Random } from '../../platform/random.ts';
import { serialOf } from '../intake/device-certificate.ts';
import { deviceLimits } from '../intake/device-limits.ts';
import type { AuthorityKeyFile } from './device-ca-port.ts';
import {
  insertAuthority,
  insertCertificate,
  listAuthorityRows,
  listRevoked,
  lockDevice,
  revokeCertificate,
} from './device-credential-store.ts';
import type { Authority, SignedCertificate } from './device-x509.ts';
import { type Actor, insertStaffAction } from './staff-action-store.ts';

export type DeviceAuthority = ReturnType<typeof createDeviceAuthority>;

// Half a second and some megabytes, for those who sign.
const x509 = () => import('./device-x509.ts');

export function createDeviceAuthority(options: {
  pool: Pool;
  clock: Clock;
  random: Random;
  keyFile: AuthorityKeyFile;
}) {
  const { pool, clock, random, keyFile } = options;
  const now = () => new Date(clock.now_ms());

  /** @throws DEVICE_CA_MISSING where no key is here, or the database doesn't know its certificate */
  async function open(): Promise<Authority & { caId: number }> {
    const key = await keyFile.read();
    if (key === null)
      throw problem(
        'DEVICE_CA_MISSING',
        'No key of an authority is in the data folder; `naru device-ca create` makes one.',
      );
    const { isKeyOf } = await x509();
    const row = (await listAuthorityRows(pool)).find(({ certificate }) => isKeyOf(key, certificate));
    if (row === undefined)
      throw problem('DEVICE_CA_MISSING', `The database does not know the certificate of the key in ${keyFile.path}.`);
    return { key, certificate: row.certificate, caId: row.ca_id };
  }

  return {
    /**
     * Makes key and certificate. The key stays in its file: no route and no table ever holds it.
     *
     * @param name the authority's common name
     * @returns the certificate, PEM
     * @throws DEVICE_CA_EXISTS where the data folder holds a key
     */
    async createAuthority(name: string): Promise<string> {
      if ((await keyFile.read()) !== null)
        throw problem(
          'DEVICE_CA_EXISTS',
          `${keyFile.path} holds a key; move it away to make another authority beside it.`,
        );
      const { makeAuthority } = await x509();
      const made = await makeAuthority(name, random, clock.now_ms(), deviceLimits.authorityLifetime_days);
      // The certificate is known before the key can sign anything.
      await inTransaction(pool, async (transaction) => {
        await insertAuthority(transaction, made.certificate, now());
        await keyFile.create(made.key);
      });
      return new X509Certificate(made.certificate).toString();
    },

    /** The certificate of the key that is here, PEM. @throws DEVICE_CA_MISSING */
    async certificate(): Promise<string> {
      return new X509Certificate((await open()).certificate).toString();
    },

    open,

    /** Signs in a transaction of the caller's. @throws DEVICE_REQUEST_INVALID */
    async signIn(
      transaction: Transaction,
      authority: Authority & { caId: number },
      device: { deviceNo: number; deviceId: string },
      request: string,
      actor: Actor,
    ): Promise<SignedCertificate> {
      const { signRequest } = await x509();
      const signed = await signRequest(authority, request, device.deviceId, {
        ...{ random, now_ms: clock.now_ms(), lifetime_days: deviceLimits.certificateLifetime_days },
      });
      const { serial, spki, notAfter } = signed;
      const { caId } = authority;
      await insertCertificate(transaction, { serial, caId, deviceNo: device.deviceNo, spki, at: now(), notAfter });
      await insertStaffAction(transaction, {
        ...{ at: now(), actor, action: 'certificate_signed', deviceNo: device.deviceNo, subject: serial },
      });
      return signed;
    },

    /** @throws DEVICE_UNKNOWN, DEVICE_REVOKED, DEVICE_CA_MISSING, DEVICE_REQUEST_INVALID */
    async signDeviceRequest(deviceId: string, request: string, actor: Actor): Promise<SignedCertificate> {
      const authority = await open();
      return inTransaction(pool, async (transaction) => {
        const device = await lockDevice(transaction, deviceId);
        if (device === null) throw problem('DEVICE_UNKNOWN');
        if (device.revoked_at !== null) throw problem('DEVICE_REVOKED');
        return this.signIn(transaction, authority, { deviceNo: device.device_no, deviceId }, request, actor);
      });
    },

    /** Ends what was opened with it at once, in every process. @throws DEVICE_CERTIFICATE_UNKNOWN */
    async revokeDeviceCertificate(serial: string, reason: string, actor: Actor): Promise<void> {
      await inTransaction(pool, async (transaction) => {
        const revoked = await revokeCertificate(transaction, serialOf(serial), now(), reason);
        if (revoked === null) throw problem('DEVICE_CERTIFICATE_UNKNOWN');
        await insertStaffAction(transaction, {
          ...{ at: now(), actor, action: 'certificate_revoked', deviceNo: revoked.deviceNo },
          ...{ subject: serialOf(serial), reason },
        });
      });
    },

    /** For others who check these certificates, such as a broker in front. PEM. @throws DEVICE_CA_MISSING */
    async revocationList(): Promise<string> {
      const authority = await open();
      const { makeRevocationList } = await x509();
      const revoked = await listRevoked(pool, authority.caId, now());
      return makeRevocationList(authority, revoked, clock.now_ms(), deviceLimits.listLifetime_days);
    },
  };
}
