// Credentials issued a second and core, by format: Naru through the whole service and in memory, the bare libraries, DIDKit,
// Credo, and the signatures themselves as the limit; then an import of 10,000 offers (or of as
// many as are named after the benchmark) while others go on asking.
import { generateKeyPairSync, sign } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentialLimits } from '../src/identity/issuing/credential-request.ts';
import { freePort } from '../src/platform/free-port.ts';
import { createLogger } from '../src/platform/logger.ts';
import { startEmbeddedPostgres } from '../src/platform/postgres/embedded-postgres.ts';
import { migrate } from '../src/platform/postgres/migrate.ts';
import { bareIssuing, bareSuites } from './bare-data-integrity.ts';
import { bareP256Signature, issueBareSdJwtVc } from './bare-sd-jwt.ts';
import { type Contender, measureOnce, measureRates, ratio, reportRates } from './credential-rate.ts';
import {
  measureBulk,
  measureImport,
  measureService,
  type ServiceRate,
  startCredoOffice,
  startNaru,
} from './credential-service.ts';
import { didkit } from './didkit.ts';
import { naruFormats } from './naru-formats.ts';

const LIMITS = { run_ms: 100, repeats: 9 };
const SERVICE = { offers: 100, rounds: 5 };
const BULK = { credentials: 3_000, rounds: 3 };
/** As many as Naru issues at once. */
const BATCH = credentialLimits.batchSize;
const BARE_ms = 400;
const IMPORT = 10_000;
const imports = Number(process.argv[3] ?? IMPORT);

const rates = await measureRates(await contenders(), LIMITS);
reportRates('issued', rates, LIMITS);
console.log('\nThrough the whole issuer over HTTP: one core of the issuer, and with its database\n');
const { naru, batch, bulk, credo, imported } = await measureServices();
console.log(
  `\n${imports} offers imported and taken: ${imported.wall_s.toFixed(1)} s; others waited ${imported.p99_ms.toFixed(1)} ms (p99)`,
);

const rounded = (value: number) => Math.round(value * 100) / 100;
console.log(
  JSON.stringify({
    bench: 'issue',
    sdjwt_ratio_vs_bare: rounded(batch.ratio),
    sdjwt_with_database_ratio_vs_bare: rounded(batch.withDatabase_ratio),
    sdjwt_bulk_ratio_vs_bare: rounded(bulk.ratio),
    sdjwt_single_ratio_vs_bare: rounded(naru.ratio),
    sdjwt_in_memory_ratio_vs_bare: rounded(ratio(rates, 'naru sd-jwt', 'bare sd-jwt')),
    eddsa_rdfc_ratio_vs_bare: rounded(ratio(rates, 'naru eddsa-rdfc-2022', 'bare eddsa-rdfc-2022')),
    eddsa_rdfc_ratio_vs_static: rounded(ratio(rates, 'naru eddsa-rdfc-2022', 'static eddsa-rdfc-2022')),
    ecdsa_rdfc_ratio_vs_bare: rounded(ratio(rates, 'naru ecdsa-rdfc-2019', 'bare ecdsa-rdfc-2019')),
    ecdsa_sd_ratio_vs_bare: rounded(ratio(rates, 'naru ecdsa-sd-2023', 'bare ecdsa-sd-2023')),
    service_ratio_vs_credo: credo === null ? null : rounded(batch.per_s / credo.per_s),
    import_10000_s: imports === IMPORT ? rounded(imported.wall_s) : null,
    other_requests_p99_ms: rounded(imported.p99_ms),
  }),
);
process.exit(0);

async function contenders(): Promise<Contender[]> {
  const [ours, suites, kit] = await Promise.all([naruFormats(), bareSuites(), didkit()]);
  const { privateKey } = generateKeyPairSync('ed25519');
  const hashes = new Uint8Array(64);
  let n = 0;
  const next = () => ++n;
  return [
    { id: 'limit ed25519', what: 'Ed25519 signature alone', once: () => sign(null, hashes, privateKey) },
    { id: 'limit p256', what: 'P-256 signature alone', once: () => bareP256Signature(hashes) },
    { id: 'naru sd-jwt', what: 'Naru dc+sd-jwt, in memory', once: () => ours.sdJwt(next()) },
    { id: 'bare sd-jwt', what: '@sd-jwt/sd-jwt-vc', once: () => issueBareSdJwtVc(next()) },
    ...ours.proofs.map(({ id, issue }) => ({
      id: `naru ${id}`,
      what: `Naru ${id}, in memory`,
      once: () => issue(next()),
    })),
    ...bareIssuing(suites),
    { id: 'didkit', what: 'DIDKit Ed25519Signature2020', once: () => kit.issue(next()) },
  ];
}

async function measureServices() {
  const folder = mkdtempSync(join(tmpdir(), 'naru-bench-'));
  chmodSync(folder, 0o711);
  const postgres = await startEmbeddedPostgres(join(folder, 'postgres'), 0, createLogger('error'));
  try {
    await migrate(postgres.url);
    const office = await startNaru(postgres.url, postgres.pid() ?? 0);
    const naru = reported(await measureService('Naru', office, { ...SERVICE, batch: 1 }, bareSdJwtVcs));
    const batch = reported(await measureService('Naru', office, { ...SERVICE, batch: BATCH }, bareSdJwtVcs));
    const bulk = await measureBulk(office, BULK, bareSdJwtVcs);
    console.log(`${'Naru in bulk, to known keys, each with its row'.padEnd(52)} ${bulk.per_s.toFixed(0).padStart(9)}`);
    const imported = await measureImport(office, { offers: imports, batch: 1 });
    await office.end();
    return { naru, batch, bulk, credo: await measureCredo(), imported };
  } finally {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureCredo(): Promise<ServiceRate | null> {
  const office = await startCredoOffice(await freePort(0), BATCH);
  if (office === null) return null;
  const rate = reported(await measureService('Credo, in memory', office, { ...SERVICE, batch: BATCH }, bareSdJwtVcs));
  await office.end();
  return rate;
}

/** Of the bare library, a second and core, now. */
function bareSdJwtVcs(): Promise<number> {
  let n = 0;
  return measureOnce({ id: 'bare', what: '@sd-jwt/sd-jwt-vc', once: () => issueBareSdJwtVc(++n) }, BARE_ms);
}

function reported(rate: ServiceRate): ServiceRate {
  const cells = [rate.per_s, rate.withDatabase_per_s].map((value) => value.toFixed(0).padStart(9));
  console.log(`${rate.what.padEnd(52)} ${cells.join(' ')}`);
  return rate;
}
