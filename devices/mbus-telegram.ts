// From a transport layer on, wired or by radio: header, encryption, records or the maker's own coding, to an uplink.
import type { MbusRecords } from './mbus-records.ts';
import { readRecords } from './mbus-records.ts';
import { type StatusTold, together, transportStatus } from './mbus-status.ts';
import { recordsTold } from './mbus-uplink.ts';
import { type DecodedUplink, type DecodeResult, refused } from './payload-format.ts';
import { type MeterAddress, manufacturerCode, mediumName, meterIdOf } from './wmbus-address.ts';
import { layoutMemory } from './wmbus-compact.ts';
import { diehlDefaultAesKey, diehlLayout, isDiehl, unscrambledRecords } from './wmbus-diehl.ts';
import { type Opened, wrongKey } from './wmbus-keys.ts';
import { refusal } from './wmbus-link.ts';
import { errorFlags, type ModelTold, type Telegram, type WmbusModel } from './wmbus-model.ts';
import { modelOf, wmbusModels } from './wmbus-models.ts';
import { isUnassigned, openTransport } from './wmbus-security.ts';
import {
  type Authentication,
  frameKindOf,
  isMakersCi,
  securityMode,
  type TransportHeader,
  transportHeader,
} from './wmbus-transport.ts';

export interface Received {
  /** The transport layer, from its CI field on. */
  body: Uint8Array;
  /** The frame around it, from its L field on, without CRCs. */
  link: Uint8Array;
  /** Null where only the transport header can name the meter. */
  sender: MeterAddress | null;
  authenticated: Authentication | null;
  key: Uint8Array | undefined;
  /** A CRC inside of the link layer's frame has shown that all of it came as it was sent. */
  intact?: boolean;
}

/** Shared by all decoding in this process: what one meter's full frame explains, another's compact frame may need. */
const layouts = layoutMemory(wmbusModels.flatMap((model) => model.layouts ?? []));

export function readTelegram(received: Received): DecodeResult {
  const ci = received.body[0] ?? 0;
  if (isMakersCi(ci) && received.sender !== null) return readMakers(received, received.sender);
  const header = transportHeader(received.body);
  if ('ok' in header) return refused(header.code, header.detail);
  const meter = header.address ?? received.sender;
  if (meter === null) return refused('FRAME_TYPE_UNKNOWN', 'the wired frame has no long header that names its meter');
  const model = modelOf(meter);
  const opened = openedData(received, header, meter, model);
  if (!opened.ok) return refused(opened.code, opened.detail);
  const data = inFull(header, opened.data, received.intact === true || isSealed(header));
  if (!data.ok) return refused(data.code, data.detail);
  const telegram: Telegram = { meter, link: received.link, header, data: data.data, key: received.key };
  const own = model?.readOwn?.(telegram) ?? null;
  if (own !== null) return 'ok' in own ? refused(own.code, own.detail) : uplinkOf(meter, model, header, [], own);
  return readStandard(telegram, header, model);
}

/** Everything behind a CI field of the maker's own. */
function readMakers({ body, link, key }: Received, meter: MeterAddress): DecodeResult {
  const model = modelOf(meter);
  const telegram: Telegram = { meter, link, header: null, data: body.subarray(1), key };
  let own = model?.readOwn?.(telegram) ?? null;
  if (own !== null && 'ok' in own && key === undefined && model?.commonKey !== undefined) {
    own = model.readOwn?.({ ...telegram, key: keyOf(model.commonKey) }) ?? own;
  }
  if (own === null) {
    const ci = (body[0] ?? 0).toString(16).toUpperCase();
    return refused(
      'FORMAT_MANUFACTURER_SPECIFIC',
      `the CI field ${ci} announces a maker's own format that is not known`,
    );
  }
  return 'ok' in own ? refused(own.code, own.detail) : uplinkOf(meter, model, null, [], own);
}

function openedData(
  received: Received,
  header: TransportHeader,
  meter: MeterAddress,
  model: WmbusModel | undefined,
): Opened {
  if (received.sender !== null && diehlLayout(received.link) === 'scrambled_records') {
    const data = unscrambledRecords(received.link, received.key);
    return data === null ? wrongKey() : { ok: true, data };
  }
  const opened = openTransport(header, meter, received.authenticated, received.key);
  if (opened.ok || received.key !== undefined) return opened;
  // Nobody gave a key: where the maker gave all its meters the same, that is as good as none.
  const common = model?.commonKey !== undefined ? keyOf(model.commonKey) : null;
  const key = common ?? (isDiehl(meter.manufacturer) ? diehlDefaultAesKey : null);
  const withCommon = key === null ? opened : openTransport(header, meter, received.authenticated, key);
  return withCommon.ok ? withCommon : opened;
}

function keyOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

/** Opened with a key, and begun with the fillers that only the right key gives, or authenticated by it. */
function isSealed(header: TransportHeader): boolean {
  return [5, 7, 10].includes(securityMode(header));
}

/** Puts a compact frame's values into the layout that it names. */
function inFull(header: TransportHeader, data: Uint8Array, intact: boolean): Opened {
  const kind = frameKindOf(header.ci);
  if (kind === 'compact') return layouts.expand(data, intact);
  if (kind !== 'layout') return { ok: true, data };
  if (!layouts.learnLayout(data)) return refusal('FRAME_CRC_WRONG', 'the layout has not the signature that it names');
  return refusal('LAYOUT_ONLY', 'the telegram explains the layout of later ones and has no values of its own');
}

function readStandard(telegram: Telegram, header: TransportHeader, model: WmbusModel | undefined): DecodeResult {
  const read = readRecords(telegram.data);
  const unassigned = isUnassigned(securityMode(header));
  if (read.fault !== null) {
    if (unassigned) return manufacturerSpecific();
    return refused('RECORDS_MALFORMED', `record at byte ${read.fault.at} of the data: ${read.fault.reason}`);
  }
  const told: ModelTold = { ...recordsTold(read.records), ...definedOf(model?.tell?.(read, telegram)) };
  if ((told.readings ?? []).length === 0) {
    const own = read.manufacturer_specific !== null || read.records.some(isMakers);
    if (unassigned || own) return manufacturerSpecific();
    return refused('NO_VOLUME', 'the telegram has no record of a volume that can be placed in time');
  }
  if (header.ci === 0x78 || model?.layouts !== undefined) layouts.learnFrom(telegram.data);
  const hasFlags = read.records.some(({ quantity }) => quantity === 'error_flags');
  const standard = model?.tell === undefined && hasFlags ? [errorFlags(read.records, [])] : [];
  return uplinkOf(telegram.meter, model, header, standard, told);
}

/** What a model leaves out stays as the records say. */
function definedOf(told: ModelTold | undefined): ModelTold {
  return Object.fromEntries(Object.entries(told ?? {}).filter(([, value]) => value !== undefined));
}

function isMakers(record: MbusRecords['records'][number]): boolean {
  return record.quantity === 'manufacturer_specific' || record.modifiers.includes(0x7f);
}

function manufacturerSpecific(): DecodeResult {
  return refused('FORMAT_MANUFACTURER_SPECIFIC', "the volume is in the manufacturer's own coding, not in records");
}

function uplinkOf(
  meter: MeterAddress,
  model: WmbusModel | undefined,
  header: TransportHeader | null,
  standard: readonly StatusTold[],
  told: ModelTold,
): DecodeResult {
  const type = `${manufacturerCode(meter.manufacturer)} ${mediumName(meter.medium)}, version ${meter.version}`;
  const parts: StatusTold[] = [...standard];
  if (header !== null && header.status !== null) {
    parts.push(transportStatus(header.status & ~(model?.alwaysInStatusByte ?? 0), model?.statusByte));
  }
  if (told.status !== undefined) parts.push(told.status);
  const status = together(parts);
  const uplink: DecodedUplink = {
    meter_id: meterIdOf(meter.id),
    model: model === undefined ? type : `${model.name} (${type})`,
    readings: told.readings ?? [],
    flags: status.flags,
  };
  if (parts.length > 0) uplink.status = status.names;
  if (told.volumes !== undefined && told.volumes.length > 0) uplink.volumes = told.volumes;
  if (told.dates !== undefined && told.dates.length > 0) uplink.dates = told.dates;
  return { ok: true, uplink };
}
