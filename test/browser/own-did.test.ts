// A DID's life by clicking, on the real service: made, words written down, keys changed, the phone lost, hidden by the
// operator, ended, erased; each time checked in the service's log and, after the next epoch, in the resolution's anchor.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Anchor } from '../../src/anchoring/anchor.ts';
import { personValue } from '../../src/anchoring/anchor-keys.ts';
import { toHex } from '../../src/anchoring/hexadecimal.ts';
import { anchorIsProven } from '../../src/anchoring/proofs.ts';
import { parseDidLogText } from '../../src/identity/dids/did-log.ts';
import { type VerifiedDidLog, verifyDidLog } from '../../src/identity/dids/verify-did-log.ts';
import { packageRoot } from '../../src/platform/package-root.ts';
import { seriousFaults } from '../support/axe.ts';
import { findChromium, launchChromium } from '../support/chromium.ts';
import { removeFolder, type ServiceProcess, serviceFolder, startService } from '../support/service-process.ts';

const executable = findChromium();
const pictures = join(packageRoot, 'test-results');
const epoch_ms = 60_000;

describe.skipIf(executable === null)("a DID's life, in a browser on the real service", () => {
  const folder = serviceFolder();
  let service: ServiceProcess;
  let browser: Browser;

  beforeAll(async () => {
    mkdirSync(pictures, { recursive: true });
    service = await startService(folder, ['--meters', '5']);
    browser = await launchChromium(executable ?? '');
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await service?.stop();
    removeFolder(folder);
  });

  const at = (page: Page, id: string) => page.getByTestId(id);

  async function phone(): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'ko-KR' });
    const page = await context.newPage();
    await page.goto(service.walletUrl);
    return page;
  }

  async function go(page: Page, path: string): Promise<void> {
    await page.goto(`${service.walletUrl}/#/${path}`);
  }

  async function startAnew(page: Page): Promise<string> {
    await at(page, 'start-new').click();
    return (await at(page, 'wallet-did').textContent()) ?? '';
  }

  async function writeWordsDown(page: Page): Promise<string[]> {
    await go(page, 'words');
    await at(page, 'words').waitFor();
    const words = await at(page, 'words').locator('li').allTextContents();
    await at(page, 'words-written').click();
    for (const field of await at(page, 'words-answer').all()) {
      await field.fill(words[Number(await field.getAttribute('data-place')) - 1] ?? '');
    }
    await at(page, 'words-check').click();
    await at(page, 'words-done').waitFor();
    return words;
  }

  async function look(page: Page, name: string): Promise<void> {
    await page.evaluate('document.fonts.ready');
    await page.screenshot({ path: join(pictures, `${name}.png`), animations: 'disabled', fullPage: true });
    expect(await seriousFaults(page)).toEqual([]);
  }

  const logAddress = (did: string): string => `${service.url}/people/${did.split(':').at(-1)}/did.jsonl`;

  async function servedLog(did: string): Promise<VerifiedDidLog> {
    const answer = await fetch(logAddress(did));
    expect(answer.status).toBe(200);
    return verifyDidLog(parseDidLogText(await answer.text()));
  }

  /** The resolution's anchor holds this version, proven. */
  async function anchored(did: string, { entryHash, versionId }: VerifiedDidLog): Promise<void> {
    const resolved = async () => {
      const answer = await fetch(`${service.url}/1.0/identifiers/${encodeURIComponent(did)}`);
      const { didDocumentMetadata } = (await answer.json()) as {
        didDocumentMetadata: { versionId: string; anchor: Anchor | null; salt: string };
      };
      return didDocumentMetadata;
    };
    await expect.poll(async () => (await resolved()).anchor?.epoch ?? null, { timeout: epoch_ms }).not.toBeNull();
    const { anchor, salt, versionId: told } = await resolved();
    expect(told).toBe(versionId);
    expect(anchor?.value).toBe(toHex(personValue(new Uint8Array(Buffer.from(salt, 'base64url')), entryHash)));
    expect(anchorIsProven(anchor as Anchor)).toBe(true);
  }

  async function shows(page: Page, outcome: string): Promise<void> {
    await expect.poll(() => at(page, 'did-status').getAttribute('data-outcome'), { timeout: epoch_ms }).toBe(outcome);
  }

  async function end(page: Page, how: 'deactivate' | 'erase'): Promise<void> {
    await go(page, 'did');
    await at(page, `did-${how}`).click();
    expect(await at(page, 'did-end-confirm').isDisabled()).toBe(true);
    await at(page, 'did-end-understood').check();
    await at(page, 'did-end-confirm').click();
    await at(page, 'did-ended').waitFor();
  }

  async function inDatabase(statement: string, values: unknown[]): Promise<void> {
    const database = new pg.Client({ connectionString: service.databaseUrl });
    await database.connect();
    try {
      expect((await database.query(statement, values)).rowCount).toBe(1);
    } finally {
      await database.end();
    }
  }

  test('rotated, lost, recovered by the words alone, and then ended', async () => {
    const old = await phone();
    const did = await startAnew(old);
    await at(old, 'words-waiting').waitFor();
    const words = await writeWordsDown(old);

    await go(old, 'did');
    await at(old, 'words-confirmed').waitFor();
    await at(old, 'did-rotate').click();
    await at(old, 'did-rotated').waitFor();
    const rotated = await servedLog(did);
    expect(rotated.versions).toHaveLength(2);
    expect(await at(old, 'did-version').count()).toBe(2);
    await anchored(did, rotated);
    await shows(old, 'fine');
    await look(old, 'wallet-did');

    const fresh = await phone();
    await at(fresh, 'start-recover').click();
    await at(fresh, 'recover-words').fill(words.join('\n').normalize('NFD'));
    await at(fresh, 'recover-submit').click();
    await at(fresh, 'recovered').waitFor();
    await look(fresh, 'wallet-recovered');
    const recovered = await servedLog(did);
    expect(recovered.versions).toHaveLength(3);
    expect(recovered.document?.verificationMethod).not.toEqual(rotated.document?.verificationMethod);
    await anchored(did, recovered);
    await go(fresh, 'did');
    await shows(fresh, 'fine');

    await old.reload();
    await shows(old, 'warned');
    expect(await at(old, 'did-warning').first().locator('strong').getAttribute('data-code')).toBe('LOG_LONGER');
    await at(old, 'did-rotate').click();
    expect(await at(old, 'wallet-refusal').locator('strong').getAttribute('data-code')).toBe('DID_CHANGED_ELSEWHERE');
    expect((await servedLog(did)).versionId).toBe(recovered.versionId);
    await look(old, 'wallet-did-warned');

    await end(fresh, 'deactivate');
    const ended = await servedLog(did);
    expect(ended.deactivated).toBe(true);
    await anchored(did, ended);
    await look(fresh, 'wallet-did-ended');
  }, 300_000);

  test('erased: the log is gone from the service and cannot come back', async () => {
    const page = await phone();
    const did = await startAnew(page);
    const log = await (await fetch(logAddress(did))).text();
    await end(page, 'erase');
    expect([404, 410]).toContain((await fetch(logAddress(did))).status);
    const again = await fetch(`${service.url}/dids`, {
      method: 'POST',
      headers: { 'content-type': 'text/jsonl' },
      body: log,
    });
    expect(again.status).toBe(410);
    await page.reload();
    await shows(page, 'ended');
    await at(page, 'did-begin-anew').click();
    await expect.poll(() => at(page, 'wallet-did').textContent()).not.toBe(did);
  }, 120_000);

  test('an operator who puts an older log back, or hides the DID, is found out', async () => {
    const page = await phone();
    const did = await startAnew(page);
    const first = await (await fetch(logAddress(did))).text();
    await go(page, 'did');
    await at(page, 'did-rotate').click();
    await at(page, 'did-rotated').waitFor();
    await anchored(did, await servedLog(did));
    await inDatabase('UPDATE identity.did SET log = $2 WHERE did = $1', [did, first]);
    await page.reload();
    await shows(page, 'warned');
    const codes = () =>
      at(page, 'did-warning')
        .locator('strong')
        .evaluateAll((all) => all.map((each) => (each as HTMLElement).dataset.code));
    expect(await codes()).toContain('LOG_OLDER');
    await go(page, 'shared');
    await at(page, 'did-alarm').waitFor();

    await inDatabase('DELETE FROM identity.did WHERE did = $1', [did]);
    await go(page, 'did');
    await page.reload();
    await expect.poll(codes).toEqual(['UNKNOWN']);
  }, 180_000);
});
