// Finds a payload format by its name. A new format is one file here and one line below.
//
// The list is written out rather than discovered: files in this folder do no I/O (so they can't read a directory), and
// a list is the same from sources, from the build and in a bundle. test/devices/formats.test.ts fails when a file that
// exports a format is missing from it.
import { chirpstack } from './chirpstack.ts';
import { lorawanArad } from './lorawan-arad.ts';
import { lorawanAxioma } from './lorawan-axioma.ts';
import { lorawanKamstrup } from './lorawan-kamstrup.ts';
import { lorawanMilesight } from './lorawan-milesight.ts';
import { lorawanQuandify } from './lorawan-quandify.ts';
import { mbus } from './mbus.ts';
import { nbiotKr } from './nbiot-kr.ts';
import type { NetworkServer } from './network-server.ts';
import type { PayloadFormat } from './payload-format.ts';
import { senmlCbor } from './senml-cbor.ts';
import { senmlJson } from './senml-json.ts';
import { seoulDigital } from './seoul-digital.ts';
import { thingsStack } from './things-stack.ts';
import { wmbus } from './wmbus.ts';

const formats: readonly PayloadFormat[] = [
  senmlJson,
  senmlCbor,
  nbiotKr,
  seoulDigital,
  wmbus,
  mbus,
  lorawanArad,
  lorawanAxioma,
  lorawanKamstrup,
  lorawanMilesight,
  lorawanQuandify,
];

export const formatNames: readonly string[] = formats.map((format) => format.name);

/** Those that a simulated meter can send. */
export const encodedFormatNames: readonly string[] = formats
  .filter((format) => format.encode !== undefined)
  .map((format) => format.name);

/**
 * The format of that name, in either spelling: `senml+json`, or as a topic level, `senml-json`.
 * Undefined when there is none.
 */
export function findFormat(name: string): PayloadFormat | undefined {
  return byName.get(name);
}

/**
 * The format's name as the last level of a topic. `+` is a wildcard and must not be in the name of a topic that is
 * published to [MQTT-3.3.2-2], so `senml+json` is published on `…/senml-json`.
 */
export function topicLevelOf(formatName: string): string {
  return formatName.replaceAll('+', '-');
}

const byName: ReadonlyMap<string, PayloadFormat> = new Map(
  formats.flatMap((format) => [
    [format.name, format],
    [topicLevelOf(format.name), format],
  ]),
);

/** LoRaWAN network servers: what they publish is a message around a device's payload. */
export const networkServers: readonly NetworkServer[] = [chirpstack, thingsStack];

export function findNetworkServer(name: string): NetworkServer | undefined {
  return networkServers.find((server) => server.name === name);
}
