// What a person reads once the service is up.
import type { Running } from '../compose.ts';
import type { Demonstration } from '../demonstration.ts';

export interface DemonstrationTable {
  running: Running;
  demonstration: Demonstration;
  directory: string;
  moved: string[];
}

export function demonstrationTable({ running, demonstration, directory, moved }: DemonstrationTable): string {
  const { publicUrl, walletUrl, mqttPort, mqttWsPort } = running;
  const { desk, walk, summary } = demonstration;
  const rows: [string, string][] = [
    ...((desk === null
      ? []
      : [
          ['시민 포털 Portal', `${publicUrl}/`],
          ['지갑 Wallet', `${walletUrl}/`],
          ['수도 운영 Console', `${publicUrl}/utility/#enter=${desk.staffToken}   (works once)`],
          ['Try the walk', desk.walletLink],
          ['  its tx_code', desk.txCode],
          ['API', `${publicUrl}/docs`],
        ]) as [string, string][]),
    ...((walk === null ? [] : [['A citizen', walk]]) as [string, string][]),
    ...((mqttPort === null
      ? []
      : [['MQTT', `mqtt://127.0.0.1:${mqttPort}   WebSocket ws://127.0.0.1:${mqttWsPort}`]]) as [string, string][]),
    ['Meters', summary],
    ['Data', directory],
    ['Stop', 'Ctrl-C (everything is kept for the next start)'],
  ];
  const width = Math.max(...rows.map(([name]) => columns(name)));
  const lines = rows.map(([name, value]) => `  ${name}${' '.repeat(width - columns(name))}  ${value}`);
  const notes = moved.map((sentence) => `  ! ${sentence}`);
  return `\n${[...lines, ...notes].join('\n')}\n\n  A demonstration on a chain of its own: not for production.\n`;
}

export function productionLines(running: Running, staffLink: string | null): string {
  const lines = [`Naru serves ${running.roles.join(', ')}: ${running.publicUrl}`];
  if (staffLink !== null) lines.push(`First sign-in to the console (works once, within a day): ${staffLink}`);
  return `${lines.join('\n')}\n`;
}

/** Width on a terminal, where Hangul takes two columns. */
function columns(text: string): number {
  return [...text].reduce(
    (sum, character) => sum + (/[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]/.test(character) ? 2 : 1),
    0,
  );
}
