// Credentials verified a second and core, by format: Naru, the bare libraries and DIDKit, and the signature itself as the
// limit. Signatures, digests and canonical forms; status lists and issuers' documents are at hand for everybody.
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { bareSuites, bareVerifying, discloseTwo } from './bare-data-integrity.ts';
import { issueBareSdJwtVc, verifyBareSdJwtVc } from './bare-sd-jwt.ts';
import { type Contender, measureRates, ratio, reportRates } from './credential-rate.ts';
import { didkit } from './didkit.ts';
import { naruFormats } from './naru-formats.ts';

const LIMITS = { run_ms: 100, repeats: 9 };
/** Different credentials that each contender verifies in turn. */
const SHOWN = 16;

const rates = await measureRates(await contenders(), LIMITS);
reportRates('verified', rates, LIMITS);
const rounded = (value: number) => Math.round(value * 100) / 100;
console.log(
  JSON.stringify({
    bench: 'verify',
    eddsa_rdfc_ratio_vs_bare: rounded(ratio(rates, 'naru eddsa-rdfc-2022', 'bare eddsa-rdfc-2022')),
    eddsa_rdfc_ratio_vs_static: rounded(ratio(rates, 'naru eddsa-rdfc-2022', 'static eddsa-rdfc-2022')),
    ecdsa_rdfc_ratio_vs_bare: rounded(ratio(rates, 'naru ecdsa-rdfc-2019', 'bare ecdsa-rdfc-2019')),
    ecdsa_sd_ratio_vs_bare: rounded(ratio(rates, 'naru ecdsa-sd-2023', 'bare ecdsa-sd-2023')),
  }),
);
process.exit(0);

async function contenders(): Promise<Contender[]> {
  const [ours, suites, kit] = await Promise.all([naruFormats(), bareSuites(), didkit()]);
  const ed25519 = generateKeyPairSync('ed25519');
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const hashes = new Uint8Array(64);
  const [edSignature, ecSignature] = [sign(null, hashes, ed25519.privateKey), sign('sha256', hashes, p256.privateKey)];

  const bare = new Map<string, Record<string, unknown>[]>();
  for (const { id, issue } of suites) {
    bare.set(id, await several(async (n) => (id === 'ecdsa-sd-2023' ? discloseTwo(await issue(n)) : issue(n))));
  }
  const naru = await Promise.all(
    ours.proofs.map(async ({ id, issue, disclose, verify: check }) => {
      const shown = await several(async (n) => disclose(await issue(n)));
      return { id: `naru ${id}`, what: `Naru ${id}`, once: inTurn(shown, check) };
    }),
  );
  return [
    {
      id: 'limit ed25519',
      what: 'Ed25519 signature alone',
      once: () => verify(null, hashes, ed25519.publicKey, edSignature),
    },
    {
      id: 'limit p256',
      what: 'P-256 signature alone',
      once: () => verify('sha256', hashes, p256.publicKey, ecSignature),
    },
    { id: 'bare sd-jwt', what: '@sd-jwt/core', once: inTurn(await several(issueBareSdJwtVc), verifyBareSdJwtVc) },
    ...naru,
    ...bareVerifying(suites, bare),
    { id: 'didkit', what: 'DIDKit Ed25519Signature2020', once: inTurn(await several(kit.issue), kit.verify) },
  ];
}

async function several<T>(make: (n: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  for (let n = 0; n < SHOWN; n += 1) made.push(await make(n));
  return made;
}

function inTurn<T>(shown: readonly T[], check: (one: T) => unknown): () => unknown {
  let n = 0;
  return () => {
    n += 1;
    const one = shown[n % shown.length];
    return one === undefined ? undefined : check(one);
  };
}
