// naru verify-bill: follows a bill from its won to the bytes of the meter and to the chain, without the service, step by step.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { anchorKey } from '../anchoring/anchor-keys.ts';
import { toHex } from '../anchoring/hexadecimal.ts';
import { checkPlace } from '../anchoring/proof-check.ts';
import { checkAgainstChain } from '../anchoring/proof-check-port.ts';
import { proofHolds } from '../anchoring/proofs.ts';
import { type BillProof, billProofLimits } from '../metering/proofs/bill-proof.ts';
import type { ProofSeams } from '../metering/proofs/check-meter-days.ts';
import { decodeAny } from '../metering/proofs/decode-any.ts';
import { isProven, type ProofBreak, type ProofStep, stepNames, stepOf } from '../metering/proofs/proof-steps.ts';
import { verifyBill } from '../metering/proofs/verify-bill.ts';
import type { Clock } from '../platform/clock.ts';
import { type CommandIo, WrongUse } from './command-io.ts';
import { numberBetween } from './fleet-options.ts';

interface Options {
  rpc?: string;
  contract?: string;
  registry?: string;
  confirmations: string;
  lang?: string;
  json?: boolean;
}

const seams: ProofSeams = {
  sha256: (bytes) => createHash('sha256').update(bytes).digest(),
  keyOf: anchorKey,
  mapHolds: proofHolds,
  decode: decodeAny,
};

export function verifyBillCommand(io: CommandIo, clock: Clock): Command {
  return new Command('verify-bill')
    .description(
      "check a bill's proof file: price, use, readings, the meters' bytes, and the chain; without the service",
    )
    .argument('<file>', 'the proof, as the portal gives it; - for standard input')
    .option('--rpc <url>', 'JSON-RPC of a chain node that you trust; without it the chain is not asked')
    .option('--contract <address>', 'the AnchorLog contract, as you know it from elsewhere')
    .option('--registry <id>', 'the registry in it, 0x and 64 hexadecimal digits')
    .option('--confirmations <n>', 'how many the blocks must have (with --rpc)', '1')
    .option('--lang <language>', 'only ko or only en; both without')
    .option('--json', 'print the steps as JSON')
    .addHelpText(
      'after',
      '\nExit status: 0 every step passed, 1 one broke, 2 wrongly called, 3 nothing broke but the chain was not asked.',
    )
    .action(async (file: string, options: Options) => {
      if (options.lang !== undefined && options.lang !== 'ko' && options.lang !== 'en')
        throw new WrongUse('--lang: write ko or en');
      if (options.rpc === undefined && (options.contract ?? options.registry) !== undefined)
        throw new WrongUse('verify-bill: --contract and --registry go with --rpc URL');
      const confirmations = numberBetween('--confirmations', options.confirmations, 1, 1_000_000);
      const content = jsonIn(file === '-' ? await text(io.stdin) : read(file));
      const { steps, proof } = verifyBill(content, seams);
      if (proof !== null) steps.push(await chainStep(proof, options, confirmations, clock.now_ms()));
      report(io, steps, options);
    });
}

/** What is no JSON has not the form of a proof either. */
function jsonIn(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return null;
  }
}

function read(file: string): string {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > billProofLimits.file_bytes)
      throw new Error(`it has more than ${billProofLimits.file_bytes} bytes`);
    return bytes.toString('utf8');
  } catch (error) {
    throw new WrongUse(`verify-bill: ${file} can't be read (${(error as Error).message})`);
  }
}

async function chainStep(
  { chain, epochs }: BillProof,
  { rpc, contract, registry }: Options,
  confirmations: number,
  now_ms: number,
): Promise<ProofStep> {
  const numbers = epochs.map(({ epoch }) => epoch).join(', ');
  if (rpc === undefined) {
    const says = {
      ko: `체인에는 묻지 않았습니다. 계약 ${chain.contract}의 회차 ${numbers} 루트를 --rpc로 견주어 보세요.`,
      en: `The chain was not asked: compare the roots of epoch ${numbers} of contract ${chain.contract} with --rpc.`,
    };
    return { step: 'chain', passed: null, says, breaks: [] };
  }
  const breaks: ProofBreak[] = [];
  const place = {
    version: 1 as const,
    chain_id: chain.chain_id,
    contract: chain.contract,
    registry_id: chain.registry_id,
  };
  for (const one of epochs) {
    // The map's own proofs were checked before; the chain is asked about the epoch alone.
    const bundle = { ...place, ...one, key: NOTHING, value: null, proof: '' };
    const pinned = checkPlace(bundle, { contract, registry_id: registry });
    const checked = [pinned, ...(await checkAgainstChain(bundle, rpc.split(','), confirmations, now_ms))];
    breaks.push(...checked.filter(({ passed }) => !passed).map(({ says }) => ({ says: { ko: says, en: says } })));
  }
  const [transaction] = epochs.map((one) => one.transaction);
  const step = stepOf('chain', breaks, {
    ko: `체인 ${chain.chain_id}의 회차 ${numbers}에 같은 루트가 있습니다(거래 ${transaction}).`,
    en: `Chain ${chain.chain_id} has the same root in epoch ${numbers} (transaction ${transaction}).`,
  });
  if (contract !== undefined && registry !== undefined) return step;
  const ko = ' 계약과 등록부는 이 파일이 말한 것입니다: 다른 곳에서 알아낸 것을 --contract와 --registry로 주세요.';
  const en = ' Contract and registry are as the file says: learn them elsewhere, and give --contract and --registry.';
  return { ...step, says: { ko: step.says.ko + ko, en: step.says.en + en } };
}

const NOTHING = toHex(new Uint8Array(32));

function report(io: CommandIo, steps: readonly ProofStep[], { json, lang }: Options): void {
  const verified = isProven(steps);
  const asked = steps.some(({ step, passed }) => step === 'chain' && passed !== null);
  if (!verified) io.setExitCode(1);
  else if (!asked) io.setExitCode(3);
  if (json === true) {
    io.stdout.write(`${JSON.stringify({ verified, chain_asked: asked, steps })}\n`);
    return;
  }
  const languages = (['ko', 'en'] as const).filter((one) => lang === undefined || lang === one);
  for (const { step, passed, says, breaks } of steps) {
    const mark = passed === null ? '-     ' : passed ? 'ok    ' : 'FAILED';
    for (const [at, language] of languages.entries()) {
      io.stdout.write(`${at === 0 ? mark : '      '} ${stepNames[step][language]}: ${says[language]}\n`);
    }
    for (const one of breaks.slice(1))
      for (const language of languages) io.stdout.write(`         ${one.says[language]}\n`);
  }
  const words = verified
    ? {
        ko: asked ? '확인되었습니다.' : '체인 앞까지 확인되었습니다.',
        en: asked ? 'Verified.' : 'Verified up to the chain.',
      }
    : { ko: '확인되지 않았습니다.', en: 'Not verified.' };
  for (const language of languages) io.stdout.write(`${words[language]}\n`);
}
