// Finds a payload format by its name. A new format is one file here and one line below.
//
// The list is written out rather than discovered: files in this folder do no I/O (so they can't read a directory), and
// a list is the same from sources, from the build and in a bundle. test/devices/formats.test.ts fails when a file that
// exports a format is missing from it.
import type { PayloadFormat } from './payload-format.ts';
import { senmlJson } from './senml-json.ts';
import { seoulDigital } from './seoul-digital.ts';
import { wmbus } from './wmbus.ts';

const formats: readonly PayloadFormat[] = [senmlJson, seoulDigital, wmbus];

export const formatNames: readonly string[] = formats.map((format) => format.name);

/** Those that a simulated meter can send. */
export const encodableFormats: readonly string[] = formats
  .filter((format) => format.encode !== undefined)
  .map((format) => format.name);

/**
 * The format of that name, in either spelling: `senml+json`, or as a topic level, `senml-json`.
 * Undefined when there is none.
 */
export function findFormat(name: string): PayloadFormat | undefined {
  return formats.find((format) => format.name === name || topicLevelOf(format.name) === name);
}

/**
 * The format's name as the last level of a topic. `+` is a wildcard and must not be in the name of a topic that is
 * published to [MQTT-3.3.2-2], so `senml+json` is published on `…/senml-json`.
 */
export function topicLevelOf(formatName: string): string {
  return formatName.replaceAll('+', '-');
}
