// Reads a meter's bytes again by all decoders there are, as the intake did.
import { decodeUplink } from '../intake/decode-uplink.ts';
import type { ShownUplink } from './check-meter-days.ts';

/** Sealed with the meter's key, which nobody else has. */
const SEALED = 'ENCRYPTED_NO_KEY';

/** @returns what the bytes tell; null where they are sealed, or of a format that is not known here */
export function decodeAny({ format, payload, received_at_ms, serial, time_zone }: ShownUplink) {
  const [outer = '', inner] = format.split('/');
  const meter = { meterId: 0, serial };
  const device = { deviceNo: 0, deviceId: '', formats: [inner ?? outer], payloadKey: null, meter };
  const delivery = { device, format, payload, receivedAt_ms: received_at_ms, packetId: null };
  const { readings, problem } = decodeUplink({ ...delivery, redelivered: false, connectedAt_ms: 0 }, time_zone);
  if (problem?.code === SEALED || problem?.code === 'FORMAT_UNKNOWN') return null;
  return readings.map(({ measuredAt_ms, register_l }) => ({ at_ms: measuredAt_ms, register_l }));
}
