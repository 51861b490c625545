// Kamstrup flowIQ and Multical water meters over LoRaWAN: M-Bus records behind a transport header, without a link layer.
//
//   CI (78 no header, 7A short, 72 long with the meter's address), then records of storage number 1: the time of the log,
//   its volume, the hours before it as an inverse compact profile, info codes
//
// Source: EN 13757-3:2018 clause 6 for the records and annex F for the profile; EN 13757-7:2018 clause 7 for the header.
// Kamstrup's own part (VIF FF 25 are the info codes, their bits) and the examples: The Things Network's device
// repository, vendor/kamstrup, published by the maker.
import { type MbusRecord, readRecords } from './mbus-records.ts';
import { type StatusBit, statusOf, together, transportStatus } from './mbus-status.ts';
import { recordsTold } from './mbus-uplink.ts';
import { type DecodedReading, type DecodeResult, type PayloadFormat, refused } from './payload-format.ts';
import { meterIdOf } from './wmbus-address.ts';
import { securityMode, transportHeader } from './wmbus-transport.ts';

const infoCodes = 0x25;

const infoBits: readonly StatusBit[] = [
  [0x01, 'DRY', 'dry'],
  [0x02, 'REVERSE', 'backflow'],
  [0x04, 'LEAK', 'leak'],
  [0x08, 'BURST', 'burst'],
  [0x10, 'TAMPER', 'tamper'],
  [0x20, 'LOW_BATTERY', 'battery_low'],
  [0x40, 'LOW_AMBIENT_TEMPERATURE', 'freeze'],
  [0x80, 'HIGH_AMBIENT_TEMPERATURE', 'temperature_high'],
];

function decode(payload: Uint8Array): DecodeResult {
  const ci = payload[0];
  if (ci !== 0x78 && ci !== 0x7a && ci !== 0x72) {
    return refused('FORMAT_CI_UNSUPPORTED', 'the payload does not begin with a transport header: CI 72, 7A or 78');
  }
  const header = transportHeader(payload);
  if ('ok' in header) return refused(header.code, header.detail);
  if (securityMode(header) !== 0) {
    return refused('ENCRYPTED_TWICE', 'the records are encrypted below LoRaWAN, which these meters do not do');
  }
  const { records, fault } = readRecords(header.data);
  if (fault !== null) return refused('RECORDS_MALFORMED', `record at byte ${fault.at} of the data: ${fault.reason}`);
  const readings = newestFirst(recordsTold(records).readings);
  if (readings.length === 0) return refused('NO_VOLUME', 'the message has no record of a volume with its time');
  const info = records.find(isInfoCodes);
  const status = together([
    transportStatus(header.status ?? 0),
    ...(info === undefined ? [] : [statusOf(info.bytes[0] ?? 0, infoBits)]),
  ]);
  return {
    ok: true,
    uplink: {
      meter_id: header.address === null ? null : meterIdOf(header.address.id),
      model: 'Kamstrup, LoRaWAN',
      readings,
      flags: status.flags,
      status: status.names,
    },
  };
}

function isInfoCodes(record: MbusRecord): boolean {
  return record.quantity === 'manufacturer_specific' && record.modifiers[0] === infoCodes;
}

/** All of them stand under storage numbers of the log; the newest is as current as these meters get. */
function newestFirst(readings: readonly DecodedReading[]): DecodedReading[] {
  const dated = readings.filter(({ measured_at }) => measured_at !== null);
  dated.sort((one, two) => (two.measured_at ?? '').localeCompare(one.measured_at ?? ''));
  return dated.map(({ kind: _kept, ...reading }, index) => (index === 0 ? reading : { ...reading, kind: 'historic' }));
}

export const lorawanKamstrup: PayloadFormat = {
  name: 'lorawan-kamstrup',
  version: 1,
  decode,
  examples: [
    {
      title: 'From the maker’s integration guide: a short header and hours in two bytes each (cut to three)',
      payload_hex: '7a08000000446d002cfd284413c1aa77004d9313086201270122012201' + '2f',
      f_port: 1,
      expect: {
        ok: true,
        uplink: {
          meter_id: null,
          model: 'Kamstrup, LoRaWAN',
          readings: [
            { measured_at: '2023-08-29T12:00', register_l: 7_842_497 },
            { measured_at: '2023-08-29T11:00', register_l: 7_842_202, kind: 'historic' },
            { measured_at: '2023-08-29T10:00', register_l: 7_841_912, kind: 'historic' },
            { measured_at: '2023-08-29T09:00', register_l: 7_841_622, kind: 'historic' },
          ],
          flags: [],
          status: [],
        },
      },
    },
    {
      title: 'A midnight log whose info codes report tampering',
      payload_hex: '78446d0020f32a4413ec00000052ff25100042ff1c0500623b0000523b0000615b80515b80',
      f_port: 1,
      expect: {
        ok: true,
        uplink: {
          meter_id: null,
          model: 'Kamstrup, LoRaWAN',
          readings: [{ measured_at: '2023-10-19T00:00', register_l: 236 }],
          flags: ['tamper'],
          status: ['TAMPER'],
        },
      },
    },
    {
      title: 'What a meter sends when it is installed',
      payload_hex: '7258578853372c3c16d610080004ff16bf587000',
      f_port: 1,
      expect: refused('NO_VOLUME', 'the message has no record of a volume with its time'),
    },
  ],
};
