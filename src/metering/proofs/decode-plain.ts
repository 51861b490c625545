// Reads a meter's bytes again where a person is: by the formats that any browser can decode without a key.

import { nbiotKr } from '../../../devices/nbiot-kr.ts';
import type { PayloadFormat } from '../../../devices/payload-format.ts';
import { senmlCbor } from '../../../devices/senml-cbor.ts';
import { senmlJson } from '../../../devices/senml-json.ts';
import { seoulDigital } from '../../../devices/seoul-digital.ts';
import { measuredInstant } from '../intake/measured-instant.ts';
import type { ShownUplink } from './check-meter-days.ts';

const plain: ReadonlyMap<string, PayloadFormat> = new Map(
  [senmlJson, senmlCbor, nbiotKr, seoulDigital].map((format) => [format.name, format]),
);

/** @returns what the bytes tell; null where they are of another format */
export function decodePlain({ format, payload, received_at_ms, time_zone }: ShownUplink) {
  const decoder = plain.get(format);
  if (decoder === undefined) return null;
  const result = decoder.decode(payload, { received_at_ms });
  const readings = result.ok ? result.uplink.readings : [];
  return readings.flatMap(({ measured_at, register_l }) => {
    const instant = measuredInstant(measured_at, received_at_ms, time_zone);
    return instant === null ? [] : [{ at_ms: instant.at_ms, register_l }];
  });
}
