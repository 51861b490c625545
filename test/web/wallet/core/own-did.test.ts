// The wallet's DID through its life, over a service in memory: made, rotated, recovered, ended; and every lie found out.
import { beforeEach, describe, expect, test } from 'vitest';
import { type CitizenWallet, createCitizenWallet } from '../../../../simulators/citizen-wallet.ts';
import { anchorKey, personValue } from '../../../../src/anchoring/anchor-keys.ts';
import { webCryptoSigner } from '../../../../src/identity/dids/did-entry.ts';
import { type DidLog, didLogText, parseDidLogText } from '../../../../src/identity/dids/did-log.ts';
import { createPersonDidLog, personId } from '../../../../src/identity/dids/did-webvh.ts';
import { verifyDidLog } from '../../../../src/identity/dids/verify-did-log.ts';
import { didCheckLimits } from '../../../../web/wallet/core/judge-own-did.ts';
import { readRecoveryWords, recoveryOf } from '../../../../web/wallet/core/recovery-words.ts';
import { makeKey } from '../../../../web/wallet/core/wallet-keys.ts';
import { type DidServiceInMemory, didServiceInMemory } from '../../../support/did-service-in-memory.ts';

let service: DidServiceInMemory;
let citizen: CitizenWallet;
const clock = { now: Date.UTC(2026, 0, 15), now_ms: () => clock.now };

beforeEach(() => {
  clock.now = Date.UTC(2026, 0, 15);
  service = didServiceInMemory();
  citizen = phone();
});

function phone(): CitizenWallet {
  return createCitizenWallet({ serviceUrl: service.url, now_ms: clock.now_ms, fetch: service.fetch });
}

const did = () => citizen.wallet.did;

async function servedLog() {
  return verifyDidLog(service.only().log);
}

describe('recovery words', () => {
  const zero = `${'abandon '.repeat(11)}about`;

  test('the same words always lead to the same person id and key', async () => {
    const one = await recoveryOf(await readRecoveryWords(zero));
    const other = await recoveryOf(await readRecoveryWords(` 1. ${zero.toUpperCase().replaceAll(' ', ',\n ')}\t`));
    expect(other.personId).toBe(one.personId);
    expect(other.signer.publicKey).toEqual(one.signer.publicKey);
    expect(one.personId).toMatch(/^[0-9a-f]{32}$/);
  });

  test('Korean words are read composed and decomposed alike', async () => {
    const words = ((await did().ensure('ko')) && (await did().words())) ?? [];
    expect(words).toHaveLength(12);
    expect(words.join('')).toMatch(/^[가-힣]+$/);
    const composed = await readRecoveryWords(words.join(' '));
    expect(await readRecoveryWords(words.join('\u3000').normalize('NFD'))).toBe(composed);
    expect((await recoveryOf(composed)).personId).toBe(service.only().id);
  });

  test.each([
    ['too few', 'abandon about', 'RECOVERY_WORDS_COUNT', '2'],
    ['one that is none', zero.replace(' about', ' river2').replace('abandon', 'naru'), 'RECOVERY_WORD_UNKNOWN', '1'],
    ['one changed for another', zero.replace('about', 'zoo'), 'RECOVERY_WORDS_WRONG', null],
    ['a Korean one among English ones', zero.replace('about', '가격'), 'RECOVERY_WORD_UNKNOWN', '12'],
  ])('words with %s are refused', async (_what, words, code, because) => {
    await expect(readRecoveryWords(words)).rejects.toMatchObject({ code, because });
  });

  test('are forgotten once three of them are given back rightly, and not before', async () => {
    await did().ensure();
    const words = (await did().words()) ?? [];
    await expect(did().confirmWords({ 1: words[0] ?? '', 5: 'x', 9: words[8] ?? '' })).rejects.toMatchObject({
      code: 'RECOVERY_ANSWERS_WRONG',
      because: '5',
    });
    await expect(did().confirmWords({})).rejects.toMatchObject({ code: 'RECOVERY_ANSWERS_WRONG' });
    expect(await did().words()).toEqual(words);
    await did().confirmWords({ 1: words[0] ?? '', 5: (words[4] ?? '').normalize('NFD'), 9: ` ${words[8]}` });
    expect(await did().words()).toBeNull();
    expect(await citizen.store.get('dids', 'own')).not.toHaveProperty('words');
  });

  test('are kept sealed under a key that cannot be read out', async () => {
    const { words } = await did().ensure();
    expect(words?.key.extractable).toBe(false);
    const plain = (await did().words()) ?? [];
    expect(Buffer.from(words?.sealed ?? []).toString()).not.toContain(plain[0]?.normalize('NFKD'));
  });
});

describe('changes', () => {
  test('a rotation puts the promised key in use, and the old one is deleted', async () => {
    const before = await did().ensure();
    const after = await did().rotate();
    const rotated = await servedLog();
    expect(rotated.versions).toHaveLength(2);
    expect(after.update_key_id).toBe(before.next_key_id);
    expect((await citizen.store.list('keys')).map(({ id }) => id).sort()).toEqual(
      [after.update_key_id, after.next_key_id ?? ''].sort(),
    );
    await did().rotate();
    expect((await servedLog()).versions).toHaveLength(3);
  });

  test('a wallet from before promised keys promises one at its first rotation, and uses it at the second', async () => {
    const { publicKey, ...key } = await makeKey('EdDSA');
    const { did: name, log } = await createPersonDidLog({
      domain: service.domain,
      pathPrefix: 'people',
      id: personId(new Uint8Array(16).fill(7)),
      signer: await webCryptoSigner({ privateKey: key.privateKey, publicKey }),
      created: '2026-01-01T00:00:00Z',
    });
    service.register(log);
    await citizen.store.put('keys', key);
    await citizen.store.put('dids', {
      id: 'own',
      did: name,
      update_key_id: key.id,
      log: didLogText(log),
      created_at_ms: 0,
    });
    expect(await did().check()).toMatchObject({ outcome: 'waiting', warnings: [] });
    expect((await did().rotate()).update_key_id).toBe(key.id);
    const rotated = await did().rotate();
    expect(rotated.update_key_id).not.toBe(key.id);
    expect((await servedLog()).versions).toHaveLength(3);
    expect(await citizen.store.get('keys', key.id)).toBeUndefined();
  });

  test.each(['before the service has it', 'after the service has it'])(
    'a rotation cut off %s is finished at the next opening, once',
    async (when) => {
      await did().ensure();
      service.cut = when.startsWith('before') ? 'request' : 'answer';
      await expect(did().rotate()).rejects.toMatchObject({ code: 'SERVICE_AWAY' });
      service.cut = null;
      const check = await did().check();
      expect(check).toMatchObject({ outcome: 'waiting', warnings: [] });
      expect(check?.own.sending).toBeUndefined();
      expect((await servedLog()).versions).toHaveLength(2);
      await did().rotate();
      expect((await servedLog()).versions).toHaveLength(3);
    },
  );

  test('a DID whose registration was cut off is registered at the next opening, and is the same', async () => {
    service.cut = 'answer';
    await expect(did().ensure()).rejects.toMatchObject({ code: 'SERVICE_AWAY' });
    service.cut = null;
    const own = await did().ensure();
    expect((await servedLog()).did).toBe(own.did);
    expect(own.sending).toBeUndefined();
  });

  test('a new phone takes the DID back by the words alone; the old one is warned and can write no more', async () => {
    const { did: name } = await did().ensure('en');
    const words = (await did().words()) ?? [];
    await did().rotate();
    const lost = citizen;
    citizen = phone();
    expect(await did().recover(words.join(' '))).toMatchObject({ did: name });
    expect(await did().check()).toMatchObject({ outcome: 'waiting', warnings: [] });
    await did().rotate();
    expect(await lost.wallet.did.check()).toMatchObject({ outcome: 'warned', warnings: ['LOG_LONGER'] });
    await expect(lost.wallet.did.rotate()).rejects.toMatchObject({ code: 'DID_CHANGED_ELSEWHERE' });
    citizen = phone();
    expect(await did().recover(words.join(' '))).toMatchObject({ did: name });
  });

  test('words of nobody, and of a DID that has ended, recover nothing', async () => {
    await expect(did().recover(`${'abandon '.repeat(11)}about`)).rejects.toMatchObject({ code: 'RECOVERY_NOT_FOUND' });
    await did().ensure('en');
    const words = (await did().words()) ?? [];
    await did().deactivate();
    await expect(phone().wallet.did.recover(words.join(' '))).rejects.toMatchObject({ code: 'RECOVERY_ENDED' });
  });

  test('a log that does not promise the recovery key is not taken over', async () => {
    await did().ensure('en');
    const words = (await did().words()) ?? [];
    const { publicKey, ...key } = await makeKey('EdDSA');
    const stranger = await createPersonDidLog({
      domain: service.domain,
      pathPrefix: 'people',
      id: service.only().id,
      signer: await webCryptoSigner({ privateKey: key.privateKey, publicKey }),
      created: '2026-01-01T00:00:00Z',
    });
    service.lie = { log: stranger.log };
    await expect(phone().wallet.did.recover(words.join(' '))).rejects.toMatchObject({ code: 'RECOVERY_NOT_PROMISED' });
  });

  test('a deactivated DID says so in its log and can be followed by another, on request only', async () => {
    const { did: first } = await did().ensure();
    await expect(did().beginAnew()).rejects.toMatchObject({ code: 'DID_STILL_LIVES' });
    await did().deactivate();
    expect((await servedLog()).deactivated).toBe(true);
    expect(await did().ensure()).toMatchObject({ did: first, ended: { how: 'deactivated' } });
    expect(await citizen.store.list('keys')).toEqual([]);
    await expect(did().rotate()).rejects.toMatchObject({ code: 'DID_ENDED' });
    expect((await did().beginAnew()).did).not.toBe(first);
  });

  test.each(['at once', 'after deactivating it'])('a DID is erased %s', async (when) => {
    await did().ensure();
    if (when !== 'at once') await did().deactivate();
    expect(await did().erase()).toMatchObject({ log: '', ended: { how: 'erased' } });
    expect(service.people.size).toBe(0);
    expect(await did().check()).toMatchObject({ outcome: 'ended', warnings: [] });
  });
});

describe('the check at every opening', () => {
  beforeEach(async () => {
    await did().ensure();
  });

  test('finds nothing wrong while the change waits, and when it is anchored and final', async () => {
    expect(await did().check()).toMatchObject({ outcome: 'waiting', warnings: [] });
    service.commit('included');
    expect(await did().check()).toMatchObject({ outcome: 'fine', anchor: { status: 'included' } });
    service.commit('final');
    expect(await did().check()).toMatchObject({ outcome: 'fine', anchor: { status: 'final', epoch: 2 } });
    await did().rotate();
    expect(await did().check()).toMatchObject({ outcome: 'waiting', warnings: [] });
    service.commit('included');
    expect(await did().check()).toMatchObject({ outcome: 'fine', warnings: [] });
    await did().deactivate();
    service.commit('final');
    expect(await did().check()).toMatchObject({ outcome: 'fine', warnings: [] });
  });

  test('says that it could not ask, which is no alarm, and remembers when it last could', async () => {
    service.commit('final');
    await did().check();
    const last_ms = clock.now;
    clock.now += 60_000;
    service.cut = 'request';
    expect(await did().check()).toMatchObject({ outcome: 'unchecked', warnings: [], checked_at_ms: last_ms });
    service.cut = null;
    service.lie = { status: 503 };
    expect(await did().check()).toMatchObject({ outcome: 'unchecked', warnings: [] });
  });

  const zeros = `0x${'00'.repeat(32)}`;
  test.each<[string, string[], (log: DidLog) => DidServiceInMemory['lie']]>([
    ['denies the DID', ['UNKNOWN'], () => ({ status: 404 })],
    ['calls it erased', ['UNKNOWN'], () => ({ status: 410 })],
    ['denies only its resolution', ['UNKNOWN'], () => ({ resolution: null })],
    [
      'shows a log that does not verify',
      ['LOG_BROKEN'],
      (log) => ({ log: [log[0], { ...log[1], proof: log[0]?.proof }] as DidLog }),
    ],
    ['leaves out the last entry', ['LOG_OLDER'], (log) => ({ log: log.slice(0, 1) })],
    ['resolves an older version than the log', ['RESOLVES_OTHERWISE'], (log) => ({ version: log[0]?.versionId ?? '' })],
    ['hands out other keys', ['RESOLVES_OTHERWISE'], () => ({ keys: ['z6MkOther'] })],
    ['has it neither anchored nor waiting', ['ANCHOR_MISSING'], () => ({ anchor: null })],
    ['anchors another value', ['ANCHOR_VALUE', 'ANCHOR_PROOF'], () => ({ anchor: { value: zeros } })],
    [
      'proves another value consistently',
      ['ANCHOR_VALUE', 'ANCHOR_ROOT'],
      () => ({ provenValue: new Uint8Array(32).fill(9) }),
    ],
    ['proves that nothing is anchored', ['ANCHOR_VALUE', 'ANCHOR_PROOF'], () => ({ anchor: { value: null } })],
    ['withholds the salt', ['ANCHOR_VALUE'], () => ({ salt: null })],
    ['gives a proof for another key', ['ANCHOR_PROOF'], () => ({ anchor: { key: zeros } })],
    [
      'gives a proof that does not lead to the root',
      ['ANCHOR_PROOF', 'ANCHOR_ROOT'],
      () => ({ anchor: { root: zeros } }),
    ],
    ['lets a final anchor be not final', ['ANCHOR_BACK'], () => ({ anchor: { status: 'included' } })],
    [
      'lets an anchored change wait again',
      ['ANCHOR_BACK'],
      () => ({ anchor: { status: 'pending', epoch: null, root: null, proof: null } }),
    ],
    ['names an earlier epoch', ['ANCHOR_BACK'], () => ({ anchor: { epoch: 0 } })],
    ['names another contract', ['ANCHOR_MOVED'], () => ({ anchor: { contract: `0x${'22'.repeat(20)}` } })],
  ])('warns when the service %s', async (_what, warnings, lie) => {
    await did().rotate();
    service.commit('final');
    expect(await did().check()).toMatchObject({ outcome: 'fine' });
    service.lie = lie(service.only().log);
    expect(await did().check()).toMatchObject({ outcome: 'warned', warnings });
    service.lie = {};
    expect(await did().check()).toMatchObject({ outcome: 'fine' });
  });

  test('warns when the log is another from some entry on', async () => {
    const words = (await did().words()) ?? [];
    const fork = structuredClone(service.only());
    await did().rotate();
    const mine = service.only();
    service.people.set(fork.id, fork);
    await phone().wallet.did.recover(words.join(' '));
    expect(await did().check()).toMatchObject({ outcome: 'warned' });
    expect((await did().check())?.warnings).toContain('LOG_DIFFERS');
    service.people.set(mine.id, mine);
    expect(await did().check()).toMatchObject({ outcome: 'waiting', warnings: [] });
  });

  test('warns when a change waits for more than a day', async () => {
    await did().check();
    clock.now += didCheckLimits.waiting_ms;
    expect(await did().check()).toMatchObject({ outcome: 'waiting' });
    clock.now += 1_000;
    expect(await did().check()).toMatchObject({ outcome: 'warned', warnings: ['ANCHOR_LATE'] });
  });

  test('remembers a bounded number of roots, and the newest of them', async () => {
    for (let epoch = 1; epoch <= didCheckLimits.roots + 3; epoch += 1) {
      service.commit('final');
      await did().check();
    }
    const roots = (await did().read())?.seen?.roots ?? [];
    expect(roots).toHaveLength(didCheckLimits.roots);
    expect(roots.at(-1)?.epoch).toBe(didCheckLimits.roots + 3);
  });

  test('saves the proof as the service gives it, and says so when there is none', async () => {
    await expect(did().proof()).rejects.toMatchObject({ code: 'PROOF_NOT_READY' });
    service.bundle = '{"version":1}';
    const saved = await did().proof();
    expect(saved.text).toBe('{"version":1}');
    const key = Buffer.from(anchorKey('did', (await did().ensure()).did)).toString('hex');
    expect(saved.name).toBe(`naru-proof-${key.slice(0, 8)}.json`);
  });
});

test('the value that the check recomputes is the one that the service anchors', async () => {
  await did().ensure();
  const { salt, log } = service.only();
  const entryHash = (await verifyDidLog(parseDidLogText(didLogText(log)))).entryHash;
  expect(service.valueOf(service.only())).toEqual(personValue(salt, entryHash));
});
