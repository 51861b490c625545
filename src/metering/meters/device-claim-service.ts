// Claim codes: staff make one for a device, and whoever installs the device turns it into credentials, once.
import type { Clock } from '../../platform/clock.ts';
import { inTransaction, type Pool, type Transaction } from '../../platform/postgres/database.ts';
import { problem } from '../../platform/problem.ts';
import type { Random } from '../../platform/random.ts';
import { deviceLimits } from '../intake/device-limits.ts';
import { type DeviceSecrets, isSameHash, newDeviceSecret } from '../intake/device-secret.ts';
import type { DeviceAuthority } from './device-authority-service.ts';
import { type ClaimCode, newClaimCode, printedCode, readClaimCode } from './device-claim.ts';
import { countWrongTry, deleteUnusedClaims, insertClaim, lockClaim, spendClaim } from './device-claim-store.ts';
import { type DeviceRow, lockDevice, setSecret } from './device-credential-store.ts';
import { type Actor, insertStaffAction } from './staff-action-store.ts';

export interface Claimed {
  deviceId: string;
  meterSerial: string | null;
  /** One of the two. */
  secret: string | null;
  certificate: { pem: string; notAfter: Date; authority: string } | null;
}

export type DeviceClaims = ReturnType<typeof createDeviceClaims>;

export function createDeviceClaims(options: {
  pool: Pool;
  clock: Clock;
  random: Random;
  secrets: DeviceSecrets;
  authority: DeviceAuthority;
}) {
  const { pool, clock, random, secrets, authority } = options;
  const now = () => new Date(clock.now_ms());

  /** Whether the code is good; a wrong one counts against the code it was meant for. */
  async function isGood(transaction: Transaction, code: ClaimCode): Promise<{ deviceId: string } | null> {
    const claim = await lockClaim(transaction, code.selector);
    const hash = secrets.claimHashOf(code.selector, code.verifier);
    if (claim === null || claim.wrong_tries >= deviceLimits.claimWrongTries) return null;
    if (!isSameHash(claim.code_hash, hash)) {
      await countWrongTry(transaction, code.selector);
      return null;
    }
    return claim.used_at === null && claim.expires_at > now() ? { deviceId: claim.device_id } : null;
  }

  return {
    /**
     * A code for a registered device; earlier ones that were not used are void.
     *
     * @returns the code as it is printed: the store keeps a hash
     * @throws DEVICE_UNKNOWN, DEVICE_REVOKED
     */
    makeClaimCode(deviceId: string, lifetime_h: number, actor: Actor): Promise<{ code: string; expiresAt: Date }> {
      return inTransaction(pool, async (transaction) => {
        const device = await lockDevice(transaction, deviceId);
        if (device === null) throw problem('DEVICE_UNKNOWN');
        if (device.revoked_at !== null) throw problem('DEVICE_REVOKED');
        const deviceNo = device.device_no;
        const at = now();
        const expiresAt = new Date(at.getTime() + lifetime_h * 3_600_000);
        await deleteUnusedClaims(transaction, deviceNo);
        for (;;) {
          const code = newClaimCode(random);
          const hash = secrets.claimHashOf(code.selector, code.verifier);
          if (!(await insertClaim(transaction, { selector: code.selector, hash, deviceNo, at, expiresAt }))) continue;
          await insertStaffAction(transaction, { at, actor, action: 'claim_code_made', deviceNo });
          return { code: printedCode(code), expiresAt };
        }
      });
    },

    /**
     * Trades a code for the device's only credential: a new secret, or its own key's certificate where it sends a request
     * for one. What it could show before is no longer good.
     *
     * @param request PKCS #10 in PEM; null asks for a secret
     * @throws CLAIM_REFUSED, the same for every reason; DEVICE_CA_MISSING, DEVICE_REQUEST_INVALID, after which the code is
     *   as good as before
     */
    async claimDevice(typed: string, request: string | null): Promise<Claimed> {
      const code = readClaimCode(typed);
      if (code === null) throw problem('CLAIM_REFUSED');
      const signer = request === null ? null : await authority.open();
      const claimed = await inTransaction(pool, async (transaction): Promise<Claimed | null> => {
        const good = await isGood(transaction, code);
        const device = good === null ? null : await lockDevice(transaction, good.deviceId);
        // Answered after the commit: a wrong try must stay counted.
        if (device === null) return null;
        await spendClaim(transaction, code.selector, now());
        await insertStaffAction(transaction, { at: now(), actor: null, action: 'claimed', deviceNo: device.device_no });
        const { device_id: deviceId, meter_serial: meterSerial } = device;
        const given = signer === null || request === null ? await giveSecret(transaction, device) : null;
        if (given !== null) return { deviceId, meterSerial, secret: given, certificate: null };
        return { deviceId, meterSerial, secret: null, certificate: await sign(transaction, device) };
      });
      if (claimed === null) throw problem('CLAIM_REFUSED');
      return claimed;

      async function giveSecret(transaction: Transaction, device: DeviceRow): Promise<string> {
        const secret = newDeviceSecret(random);
        await setSecret(transaction, device.device_no, secrets.hashOf(device.device_id, secret), null);
        return secret;
      }

      async function sign(transaction: Transaction, device: DeviceRow): Promise<Claimed['certificate']> {
        if (signer === null || request === null) return null;
        const { device_no: deviceNo, device_id: deviceId } = device;
        const { pem, notAfter } = await authority.signIn(transaction, signer, { deviceNo, deviceId }, request, null);
        await setSecret(transaction, deviceNo, null, null);
        return { pem, notAfter, authority: await authority.certificate() };
      }
    },
  };
}
