// The house format: SenML in JSON. Source: RFC 8428; units from its section 12.1 registry.
//
// House convention. Names below are what remains of `bn` + `n` after the last ':' or '/'; what comes before it names the
// meter. A meter `23165017` of make Naru can send
//   [{"bn":"urn:naru:meter:23165017:","bt":1772326800,"n":"register","u":"m3","v":225.151},{"n":"leak","vb":true}]
//
//   register     the total so far; u = m3 or l. Every `register` record is a reading; the newest is the current one.
//   battery      u = V; temperature: u = Cel; flow: u = m3/s or l/s. They go with the current reading.
//   any name in flags.ts   vb = true raises that alarm flag, false does not.
//   model        vs = what the maker calls the meter.
// Records of other names are read past, so that a meter can tell more than the house asks for. Fields whose name ends
// in '_' must be understood and are not [RFC 8428 section 4.4]: the whole pack is refused.
import { type DecodeResult, type EncodableReading, type PayloadFormat, refused } from './payload-format.ts';
import { decodePack, mostEncoded, mostPayload_bytes, packOf } from './senml-pack.ts';

function decode(payload: Uint8Array): DecodeResult {
  if (payload.length > mostPayload_bytes) {
    return refused('PAYLOAD_TOO_LARGE', `a pack has at most ${mostPayload_bytes} bytes`);
  }
  let pack: unknown;
  try {
    pack = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload));
  } catch {
    // Nesting too deep for the stack ends here as well.
    return refused('JSON_INVALID', 'the payload is not JSON in UTF-8');
  }
  return decodePack(pack);
}

function encode(reading: EncodableReading): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(packOf(reading)));
}

function hexOf(text: string): string {
  return [...new TextEncoder().encode(text)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

export const senmlJson: PayloadFormat = {
  name: 'senml+json',
  version: 1,
  most_readings: mostEncoded,
  decode,
  encode,
  examples: [
    {
      title: 'A register with the hour before and a leak alarm',
      payload_hex: hexOf(
        '[{"bn":"urn:naru:meter:23165017:","bt":1772326800,"n":"register","u":"m3","v":225.151},{"n":"register","u":"m3","v":225.1,"t":-3600},{"n":"leak","vb":true}]',
      ),
      expect: {
        ok: true,
        uplink: {
          meter_id: '23165017',
          model: null,
          readings: [
            { measured_at: '2026-03-01T01:00:00.000Z', register_l: 225_151 },
            { measured_at: '2026-03-01T00:00:00.000Z', register_l: 225_100, kind: 'historic' },
          ],
          flags: ['leak'],
        },
      },
    },
    {
      title: 'A number too large for a double',
      payload_hex: hexOf('[{"n":"register","u":"m3","v":1e309}]'),
      expect: refused('SENML_INVALID', 'record 0: v is not a finite number'),
    },
  ],
};
