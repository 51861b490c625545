// Which ports the demonstration listens on: the wanted ones, the next free ones where those are taken, and at the next start
// the same again, because the issuer's identifier holds the address it began with.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../platform/free-port.ts';

export const portNames = ['HTTP_PORT', 'WALLET_PORT', 'MQTT_PORT', 'MQTT_WS_PORT'] as const;
export type Ports = Record<(typeof portNames)[number], number>;
type Remembered = Partial<Record<keyof Ports, { wanted: number; used: number }>>;

/** @returns the ports, and a sentence for each that differs from what was wanted */
export async function choosePorts(
  wanted: Ports & { HOST: string },
  directory: string,
): Promise<{ ports: Ports; moved: string[] }> {
  const file = join(directory, 'ports.json');
  const remembered: Remembered = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const taken = new Set<number>();
  const moved: string[] = [];
  const ports: Partial<Ports> = {};
  const used: Remembered = {};
  for (const name of portNames) {
    const before = remembered[name];
    const preferred = before?.wanted === wanted[name] ? before.used : wanted[name];
    const port = await freePort(preferred, wanted.HOST, taken);
    taken.add(port);
    ports[name] = port;
    used[name] = { wanted: wanted[name], used: port };
    if (wanted[name] !== 0 && port !== wanted[name]) moved.push(`${name} ${wanted[name]} is taken; using ${port}`);
  }
  writeFileSync(file, JSON.stringify(used));
  return { ports: ports as Ports, moved };
}
