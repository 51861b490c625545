// naru audit: checks the operator's log against the chain, for anybody, and names what differs.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { type AuditChain, type ChainCommit, openAuditChain } from '../anchoring/audit-chain-port.ts';
import { comparedWithCopy } from '../anchoring/audit-copy.ts';
import { LogAudit } from '../anchoring/audit-service.ts';
import { askForAnchor, isUrl, openCopy, openLog } from '../anchoring/log-source-port.ts';
import { epochLines, type LogEpoch, type LogPlace, LogUnreadable, placeLine } from '../anchoring/public-log.ts';
import { readSettings, type Settings } from '../config.ts';
import { createChainClient } from '../platform/chain/chain-client.ts';
import { dataDirectoryPath } from '../platform/data-directory.ts';
import { Problem } from '../platform/problem.ts';
import { type CommandIo, WrongUse } from './command-io.ts';
import { numberBetween } from './fleet-options.ts';

interface Options {
  from: string;
  rpc?: string;
  log?: string;
  contract?: string;
  registry?: string;
  keep?: string;
  roots?: string;
  dataDir?: string;
  watch?: boolean;
  every: string;
  json?: boolean;
}

interface Root {
  epoch: number;
  root: string;
  block: number;
  block_hash: string;
  block_time: string;
}

interface Sources {
  log: string;
  rpcUrls: string[];
}

/** @param signal ends a watch */
export function auditCommand(io: CommandIo, signal: AbortSignal): Command {
  return new Command('audit')
    .description("check the operator's public log against the chain, epoch by epoch")
    .option('--from <epoch>', 'compare and report from this epoch on; those before are rebuilt only', '1')
    .option('--rpc <url>', 'JSON-RPC of a chain node, best one of your own (CHAIN_RPC_URL)')
    .option('--log <source>', 'address of the service, or a file that --keep wrote (PUBLIC_URL)')
    .option('--contract <address>', 'the AnchorLog contract, as you know it from elsewhere')
    .option('--registry <id>', 'the registry in it, 0x and 64 hexadecimal digits')
    .option('--keep <file>', 'your own copy of the log: compared with what is served now, then added to')
    .option('--roots <file>', 'write the checked roots of final epochs for `naru verify-proof`')
    .option('--data-dir <folder>', 'folder of the service that runs on this machine (NARU_DATA_DIR)')
    .option('--watch', 'stay, check epochs as they come, and end at the first difference')
    .option('--every <seconds>', 'pause between two looks of --watch', '60')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExit status: 0 all agree, 1 a difference or it could not be checked, 2 wrongly called.')
    .action(async (options: Options) => {
      const from = numberBetween('--from', options.from, 1, Number.MAX_SAFE_INTEGER);
      const every_s = numberBetween('--every', options.every, 1, 86_400);
      refuseMalformed(options);
      const settings = readSettings({ NARU_DATA_DIR: options.dataDir });
      const sources = sourcesOf(options, settings);
      if (options.watch === true && !isUrl(sources.log))
        throw new WrongUse('audit: --watch needs the address of a service, not a file');
      try {
        let run = await auditOnce(io, options, settings, sources, from);
        while (options.watch === true && run.audit.findings.length === 0 && !signal.aborted) {
          await sleep(every_s * 1_000, undefined, { signal }).catch(() => {});
          if (!signal.aborted) run = await auditOnce(io, options, settings, sources, from, run.audit.next);
        }
        report(io, options, run);
      } catch (error) {
        if (!(error instanceof LogUnreadable || error instanceof Problem)) throw error;
        const why =
          error instanceof Problem ? `${error.code}: ${error.detail}` : `LOG_UNREADABLE: the log: ${error.message}`;
        io.stdout.write(
          options.json === true
            ? `${JSON.stringify({ result: 'not_checked', why })}\n`
            : `Could not be checked. ${why}\n`,
        );
        io.setExitCode(1);
      }
    });
}

interface Run {
  audit: LogAudit;
  place: LogPlace;
  pinned: boolean;
}

/** @param sayFrom epochs before it were said by an earlier look of a watch */
async function auditOnce(
  io: CommandIo,
  options: Options,
  settings: Settings,
  sources: Sources,
  from: number,
  sayFrom = from,
): Promise<Run> {
  // Closed at once: this look is for its first line.
  const peek = await openLog(sources.log, 1);
  await peek.epochs[Symbol.asyncIterator]().return?.();
  const place: LogPlace = {
    chain_id: peek.place.chain_id,
    contract: options.contract ?? settings.ANCHOR_CONTRACT ?? peek.place.contract,
    registry_id: options.registry?.toLowerCase() ?? peek.place.registry_id,
  };
  const client = createChainClient(sources.rpcUrls, settings.CHAIN_ID ?? place.chain_id);
  const { keep } = options;
  const kept = { newest: 0 };
  const added: string[] = [];
  const roots: Root[] = [];
  const latest = { block: 0 };
  try {
    const chain = openAuditChain(client, place.contract, place.registry_id);
    const audit = new LogAudit(chain, {
      from,
      async onEpoch(epoch, commit) {
        if (options.watch === true && epoch.epoch >= sayFrom && options.json !== true && audit.findings.length === 0)
          io.stdout.write(`epoch ${epoch.epoch}: ${commit.root} agrees, ${epoch.changes.length} changes\n`);
        if (keep !== undefined && epoch.epoch > kept.newest && audit.findings.length === 0)
          added.push(epochLines(epoch));
        if (options.roots !== undefined) await addRoot(roots, chain, latest, settings, epoch, commit, audit);
      },
      ...(isUrl(sources.log) && { proofOf: (key: string) => askForAnchor(sources.log, key) }),
    });
    await audit.check(async () => {
      latest.block = await chain.latestBlock();
      const served = (await openLog(sources.log, 1)).epochs;
      if (keep === undefined || !existsSync(keep)) return served;
      const copy = await openCopy(keep);
      return comparedWithCopy(served, noting(copy.epochs, kept), (found) => audit.findings.push(found));
    });
    if (keep !== undefined && audit.findings.length === 0) {
      if (!existsSync(keep)) writeFileSync(keep, placeLine(place));
      for (const lines of added) appendFileSync(keep, lines);
    }
    if (options.roots !== undefined && audit.findings.length === 0)
      writeFileSync(options.roots, `${JSON.stringify({ version: 1, ...place, roots })}\n`);
    return { audit, place, pinned: options.contract !== undefined && options.registry !== undefined };
  } finally {
    client.close();
  }
}

async function* noting(epochs: AsyncIterable<LogEpoch>, kept: { newest: number }): AsyncGenerator<LogEpoch> {
  for await (const epoch of epochs) {
    kept.newest = epoch.epoch;
    yield epoch;
  }
}

async function addRoot(
  roots: Root[],
  chain: AuditChain,
  latest: { block: number },
  settings: Settings,
  { epoch, disowned_at }: LogEpoch,
  { root, block, blockHash }: ChainCommit,
  audit: LogAudit,
): Promise<void> {
  if (block === null || blockHash === null || disowned_at !== null || audit.findings.length > 0) return;
  if (latest.block - block + 1 < (settings.CHAIN_CONFIRMATIONS ?? 12)) return;
  const time_s = await chain.blockTime_s(blockHash);
  if (time_s !== null)
    roots.push({ epoch, root, block, block_hash: blockHash, block_time: new Date(time_s * 1_000).toISOString() });
}

function report(io: CommandIo, options: Options, { audit, place, pinned }: Run): void {
  const { findings, compared, changes, pending } = audit;
  if (findings.length > 0) io.setExitCode(1);
  if (options.json === true) {
    const result = findings.length === 0 ? 'agrees' : 'differs';
    io.stdout.write(`${JSON.stringify({ result, ...place, pinned, epochs: compared, changes, pending, findings })}\n`);
    return;
  }
  const where = `registry ${place.registry_id} of contract ${place.contract} on chain ${place.chain_id}`;
  const said = [
    pinned
      ? `Compared with ${where}, as pinned.`
      : `NOT PINNED: compared with ${where}, partly as the log itself names it. Learn both elsewhere and pin them with --contract and --registry.`,
    ...findings.map(({ detail }) => detail),
    findings.length === 0
      ? `${compared} epochs with ${changes} changes agree with the chain${pending === 0 ? '' : `; ${pending} more wait for it`}.`
      : `${findings.length} ${findings.length === 1 ? 'difference' : 'differences'}.`,
  ];
  io.stdout.write(`${said.join('\n')}\n`);
}

function refuseMalformed({ contract, registry }: Options): void {
  if (contract !== undefined && !/^0x[0-9a-fA-F]{40}$/.test(contract))
    throw new WrongUse('audit: --contract is not 0x and 40 hexadecimal digits');
  if (registry !== undefined && !/^0x[0-9a-fA-F]{64}$/.test(registry))
    throw new WrongUse('audit: --registry is not 0x and 64 hexadecimal digits');
}

/** Given, set, or those of the service that runs on the data folder. */
function sourcesOf(options: Options, settings: Settings): Sources {
  const running = runningOn(dataDirectoryPath(settings.NARU_DATA_DIR));
  const log = options.log ?? settings.PUBLIC_URL ?? running.url;
  const set = settings.CHAIN_RPC_URL.length > 0 ? settings.CHAIN_RPC_URL : undefined;
  const rpcUrls =
    options.rpc?.split(',').map((url) => url.trim()) ??
    set ??
    (running.rpc_url === undefined ? undefined : [running.rpc_url]);
  if (log === undefined) throw new WrongUse('audit: no service runs here; name one, or a file, with --log');
  if (!isUrl(log) && !existsSync(log))
    throw new WrongUse(`audit: --log ${log} is neither an address nor a file that is there`);
  if (!rpcUrls?.every(isUrl)) throw new WrongUse('audit: name a chain node with --rpc http://…');
  return { log, rpcUrls };
}

function runningOn(folder: string): { url?: string; rpc_url?: string } {
  try {
    return JSON.parse(readFileSync(join(folder, 'running.json'), 'utf8')) as { url?: string; rpc_url?: string };
  } catch {
    return {};
  }
}
