// The verifier of proofs in each of the three places it runs: Node, an EVM node, and Chromium.
import { Contract, ContractFactory, JsonRpcProvider, Wallet } from 'ethers';
import { build } from 'vite';
import { toHex } from '../../src/anchoring/hexadecimal.ts';
import { verifyProof } from '../../src/anchoring/proofs.ts';
import { launchChromium } from './chromium.ts';
import { compileSolidity } from './compile-solidity.ts';
import { startTestChain } from './test-chain.ts';

/** That the map with `root` holds `value` under `key`, or nothing where `value` is `null`. */
export interface Statement {
  root: Uint8Array;
  key: Uint8Array;
  value: Uint8Array | null;
  proof: Uint8Array;
}

export interface ProofChecker {
  /** @returns for each statement whether its proof shows it */
  holdEach(statements: readonly Statement[]): Promise<boolean[]>;
  /** Changes each single bit of the proof. @returns how many changed proofs were tried and how many still accepted */
  flipEachBit(statement: Statement): Promise<{ tried: number; accepted: number }>;
  close(): Promise<void>;
}

/** Both tests of one, where the verifier runs in this process. Also runs in the page: it must not refer to anything. */
function flipHere(
  statement: Statement,
  verify: (root: Uint8Array, key: Uint8Array, value: Uint8Array | null, proof: Uint8Array) => boolean,
): { tried: number; accepted: number } {
  const { root, key, value } = statement;
  const proof = statement.proof.slice();
  let accepted = 0;
  for (let bit = 0; bit < proof.length * 8; bit += 1) {
    proof[bit >> 3] = (proof[bit >> 3] as number) ^ (1 << (bit & 7));
    if (verify(root, key, value, proof)) accepted += 1;
    proof[bit >> 3] = (proof[bit >> 3] as number) ^ (1 << (bit & 7));
  }
  return { tried: proof.length * 8, accepted };
}

export function typescriptChecker(): ProofChecker {
  return {
    holdEach: async (statements) =>
      statements.map(({ root, key, value, proof }) => verifyProof(root, key, value, proof)),
    flipEachBit: async (statement) => flipHere(statement, verifyProof),
    close: async () => {},
  };
}

const CALL_GAS = 4_000_000_000n;
const STATEMENTS_PER_CALL = 1_000;

/** `contracts/SparseMerkleProof.sol` on a chain node, behind a contract that asks it many things in one call. */
export async function solidityChecker(): Promise<ProofChecker> {
  const chain = await startTestChain();
  const provider = new JsonRpcProvider(chain.url, chain.chainId, {
    staticNetwork: true,
    pollingInterval: 50,
    batchMaxCount: 1,
  });
  const { abi, bytecode } = compileSolidity('contracts/test/ProofChecker.sol');
  const deployed = await new ContractFactory(abi, bytecode, new Wallet(chain.key, provider)).deploy();
  await deployed.waitForDeployment();
  const checker = new Contract(await deployed.getAddress(), abi, provider);
  const argument = ({ root, key, value, proof }: Statement) => ({
    root: toHex(root),
    key: toHex(key),
    value: toHex(value ?? new Uint8Array(32)),
    isAbsence: value === null,
    proof: toHex(proof),
  });
  // By hand: for an array of structures ethers takes many times as long as the node takes for its answer.
  const packed = ({ root, key, value, proof }: Statement): Uint8Array[] => {
    const head = Uint8Array.of(value === null ? 1 : 0, proof.length >> 8, proof.length & 0xff);
    return [root, key, value ?? new Uint8Array(32), head, proof];
  };
  return {
    async holdEach(statements) {
      const answers: boolean[] = [];
      for (let from = 0; from < statements.length; from += STATEMENTS_PER_CALL) {
        const some = statements.slice(from, from + STATEMENTS_PER_CALL);
        const bytes = Buffer.concat(some.flatMap(packed));
        const answer: string = await checker.getFunction('holdEach')(bytes, some.length, { gasLimit: CALL_GAS });
        answers.push(...Array.from(Buffer.from(answer.slice(2), 'hex'), (one) => one === 1));
      }
      return answers;
    },
    async flipEachBit(statement) {
      const [accepted, tried] = await checker.getFunction('flippedHold')(argument(statement), { gasLimit: CALL_GAS });
      return { tried: Number(tried), accepted: Number(accepted) };
    },
    async close() {
      provider.destroy();
      await chain.kill();
    },
  };
}

/** `src/anchoring/proofs.ts` as the wallet's pages are built from it, in a page. */
export async function chromiumChecker(executable: string): Promise<ProofChecker> {
  const entry = new URL('../../src/anchoring/proofs.ts', import.meta.url).pathname;
  const built = await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, lib: { entry, formats: ['iife'], name: 'proofs' } },
  });
  const [output] = Array.isArray(built) ? built : [built];
  if (output === undefined || !('output' in output)) throw new Error('vite built nothing');
  const browser = await launchChromium(executable);
  const page = await browser.newPage();
  await page.addScriptTag({ content: output.output[0].code.replace('const proofs', 'var proofs') });
  await page.addScriptTag({ content: `var flipHere = ${flipHere.toString()}` });
  const packed = ({ root, key, value, proof }: Statement): (string | null)[] =>
    [root, key, value, proof].map((bytes) => (bytes === null ? null : Buffer.from(bytes).toString('base64')));
  await page.addScriptTag({
    content: `function unpacked([root, key, value, proof]) {
      const bytes = (text) => text === null ? null : Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
      return { root: bytes(root), key: bytes(key), value: bytes(value), proof: bytes(proof) };
    }
    function holdEach(all) {
      return all.map((one) => {
        const { root, key, value, proof } = unpacked(one);
        return proofs.verifyProof(root, key, value, proof);
      });
    }
    function flipEachBit(one) { return flipHere(unpacked(one), proofs.verifyProof); }`,
  });
  const ask = async <T>(call: string, given: unknown): Promise<T> =>
    (await page.evaluate(`${call}(${JSON.stringify(given)})`)) as T;
  return {
    holdEach: (statements) => ask('holdEach', statements.map(packed)),
    flipEachBit: (statement) => ask('flipEachBit', packed(statement)),
    close: () => browser.close(),
  };
}
