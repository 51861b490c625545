// naru verify-proof: checks a proof bundle without the service that made it, and says each step.
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import type { z } from 'zod';
import { type ProofBundle, proofBundle, proofBundleLimits, rootsFile } from '../anchoring/proof-bundle.ts';
import { type CheckStep, checkAgainstRoots, checkDid, checkPlace, checkProof } from '../anchoring/proof-check.ts';
import { checkAgainstChain } from '../anchoring/proof-check-port.ts';
import { parseDidLogText } from '../identity/dids/did-log.ts';
import { verifyDidLog } from '../identity/dids/verify-did-log.ts';
import type { Clock } from '../platform/clock.ts';
import { type CommandIo, WrongUse } from './command-io.ts';
import { numberBetween } from './fleet-options.ts';

interface Options {
  rpc?: string;
  roots?: string;
  contract?: string;
  registry?: string;
  confirmations: string;
  didLog?: string;
  salt?: string;
  did?: string;
  json?: boolean;
}

export function verifyProofCommand(io: CommandIo, clock: Clock): Command {
  return new Command('verify-proof')
    .description('check a proof bundle against a chain node or against checked roots, without the service')
    .argument('<file>', 'the bundle, as /api/anchors/{key}/bundle gives it; - for standard input')
    .option('--rpc <url>', 'JSON-RPC of a chain node that you trust')
    .option('--roots <file>', 'roots that naru audit --roots wrote: no network is needed')
    .option('--contract <address>', 'the AnchorLog contract, as you know it from elsewhere')
    .option('--registry <id>', 'the registry in it, 0x and 64 hexadecimal digits')
    .option('--confirmations <n>', 'how many the block must have (with --rpc)', '1')
    .option('--did-log <file>', "a did.jsonl: key and value must be those of the DID's last entry")
    .option('--salt <base64url>', "the salt that belongs to that entry, for a person's DID")
    .option('--did <did>', 'the DID that the log must be of')
    .option('--json', 'print the steps as JSON')
    .addHelpText(
      'after',
      '\nExit status: 0 every step passed, 1 one did not or could not be checked, 2 wrongly called.',
    )
    .action(async (file: string, options: Options) => {
      const confirmations = numberBetween('--confirmations', options.confirmations, 1, 1_000_000);
      if ((options.rpc === undefined) === (options.roots === undefined))
        throw new WrongUse('verify-proof: give one of --rpc URL and --roots FILE');
      if (options.didLog === undefined && (options.salt !== undefined || options.did !== undefined))
        throw new WrongUse('verify-proof: --salt and --did go with --did-log FILE');
      const bundle = parsed(file, file === '-' ? await text(io.stdin) : read(file), proofBundle);
      const steps = [checkProof(bundle)];
      if (options.didLog !== undefined) steps.push(await checkDidLog(bundle, options.didLog, options));
      const pinned = { contract: options.contract, registry_id: options.registry };
      if (options.roots !== undefined) {
        const roots = parsed(options.roots, read(options.roots, proofBundleLimits.roots_bytes), rootsFile);
        steps.push(...checkAgainstRoots(bundle, roots, clock.now_ms(), pinned));
      } else {
        steps.push(checkPlace(bundle, pinned));
        const urls = (options.rpc ?? '').split(',').map((url) => url.trim());
        steps.push(...(await checkAgainstChain(bundle, urls, confirmations, clock.now_ms())));
      }
      report(io, steps, options);
    });
}

function report(io: CommandIo, steps: readonly CheckStep[], { json, rpc, contract, registry }: Options): void {
  const verified = steps.every(({ passed }) => passed);
  const pinned = rpc === undefined || (contract !== undefined && registry !== undefined);
  if (!verified) io.setExitCode(1);
  if (json === true) {
    io.stdout.write(`${JSON.stringify({ verified, pinned, steps })}\n`);
    return;
  }
  for (const { step, passed, says } of steps) io.stdout.write(`${passed ? 'ok    ' : 'FAILED'} ${step}: ${says}\n`);
  if (!pinned)
    io.stdout.write(
      'NOT PINNED: the bundle itself names contract and registry. Learn both elsewhere and pin them with --contract and --registry.\n',
    );
  io.stdout.write(verified ? 'Verified.\n' : 'Not verified.\n');
}

async function checkDidLog(bundle: ProofBundle, file: string, { salt, did }: Options): Promise<CheckStep> {
  const verified = await verifyDidLog(parseDidLogText(read(file)));
  if (did !== undefined && did !== verified.did)
    return { step: 'did', passed: false, says: `The log is of ${verified.did}, not of ${did}.` };
  const bytes = salt === undefined ? null : Uint8Array.from(Buffer.from(salt, 'base64url'));
  if (bytes !== null && bytes.length !== 32) throw new WrongUse('verify-proof: --salt is not 32 bytes in base64url');
  return checkDid(bundle, verified, bytes);
}

function read(file: string, most_bytes: number = proofBundleLimits.bundle_bytes * 4): string {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > most_bytes) throw new Error(`it has more than ${most_bytes} bytes`);
    return bytes.toString('utf8');
  } catch (error) {
    throw new WrongUse(`verify-proof: ${file} can't be read (${(error as Error).message})`);
  }
}

function parsed<T>(file: string, content: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    throw new Error(`${file} is not JSON.`);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0] ?? { path: [], message: 'is of another form' };
  throw new Error(`${file} is not a file of this form: ${path.join('.') || 'it'} ${message}.`);
}
