// Encryption, authentication and compact frames against published vectors, each with its bad twin.
import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aesCmac } from '../../devices/aes-cmac.ts';
import { wmbus } from '../../devices/wmbus.ts';
import { layoutMemory } from '../../devices/wmbus-compact.ts';
import { crcOf } from '../../devices/wmbus-link.ts';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const hexOf = (data: Uint8Array) => Buffer.from(data).toString('hex');
const decodeHex = (hex: string, key?: string) =>
  wmbus.decode(withLength(hex), key === undefined ? {} : { key: bytes(key) });

/** The telegram with its L field set to what it is long. */
function withLength(hex: string): Uint8Array {
  const telegram = bytes(hex);
  telegram[0] = telegram.length - 1;
  return telegram;
}

describe('AES-CMAC', () => {
  const key = bytes('2b7e151628aed2a6abf7158809cf4f3c');

  it.each([
    { message: '', mac: 'bb1d6929e95937287fa37d129b756746' },
    { message: '6bc1bee22e409f96e93d7e117393172a', mac: '070a16b46b4d4144f79bdd9dd04a287c' },
    {
      message: '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411',
      mac: 'dfa66747de9ae63030ca32611497c827',
    },
    {
      message:
        '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710',
      mac: '51f0bebf7e3b9d92fc49741779363cfe',
    },
  ])('of $message.length digits is that of RFC 4493 section 4', ({ message, mac }) => {
    expect(hexOf(aesCmac(key, bytes(message)))).toBe(mac);
  });
});

describe('mode 7, on the example of CEN/TR 17167 annex F.3', () => {
  const head = '530824484433221103378e80753a63665544330a31900f002c25b30a0000';
  const mac = 'af5d74df73a600d9';
  const transport = '72785634129315330375002007109058475f4bc91df878b80a1b0f98b629024aac727942bfc549233c0140829b93';
  const key = '000102030405060708090a0b0c0d0e0f';

  it('opens with the meter’s key', () => {
    expect(decodeHex(head + mac + transport, key)).toMatchObject({
      uplink: { meter_id: '12345678', readings: [{ register_l: 28_504_270, measured_at: '2008-05-31T23:50' }] },
    });
  });

  it.each([
    { title: 'without a key', hex: head + mac + transport, key: undefined, code: 'ENCRYPTED_NO_KEY' },
    { title: 'with another key', hex: head + mac + transport, key: '01'.repeat(16), code: 'DECRYPTION_FAILED' },
    { title: 'with a short key', hex: head + mac + transport, key: '0102', code: 'KEY_INVALID' },
    { title: 'with another MAC', hex: `${head}af5d74df73a600d8${transport}`, key, code: 'AUTHENTICATION_FAILED' },
    {
      title: 'with its status changed',
      hex: head + mac + transport.replace('7500', '7504'),
      key,
      code: 'AUTHENTICATION_FAILED',
    },
    {
      title: 'without its message counter',
      hex: `${head.slice(0, 42)}900b002425${mac}${transport}`,
      key,
      code: 'MESSAGE_COUNTER_MISSING',
    },
    {
      title: 'as one of several fragments',
      hex: `${head.replace('002c', '006c')}${mac}${transport}`,
      key,
      code: 'FRAGMENTED',
    },
    { title: 'cut inside its MAC', hex: `${head}af5d`, key, code: 'FRAME_TOO_SHORT' },
  ])('is refused $title', ({ hex, key: used, code }) => {
    expect(decodeHex(hex, used)).toMatchObject({ ok: false, problem: { code } });
  });

  it('is refused when any bit of the transport layer is turned', () => {
    const whole = bytes(head + mac + transport);
    const from = (head + mac).length / 2;
    fc.assert(
      fc.property(fc.integer({ min: from, max: whole.length - 1 }), fc.nat(7), (at, bit) => {
        const turned = whole.slice();
        turned[at] = (turned[at] ?? 0) ^ (1 << bit);
        expect(wmbus.decode(turned, { key: bytes(key) }).ok).toBe(false);
      }),
    );
  });
});

describe('mode 10, on a Kamstrup flowIQ that its owner published with its key (wmbusmeters issue 1667)', () => {
  const key = 'bf902dd6dfadafe83e4ae6832b5fa14c';
  const head = '4544372c060382533c168c20307a3010ff2a1001';
  const counter = '8c570e00';
  const sealed = '6da7632471f42b0a3ceccd461353573ed02b87118bc5ffe982f7f00a0274543bc51938f8b9c8';
  const tag = 'bb8928114d60788a';
  const whole = head + counter + sealed + tag;

  it('opens with the meter’s key', () => {
    expect(decodeHex(whole, key)).toMatchObject({
      uplink: {
        meter_id: '53820306',
        readings: [{ register_l: 0, measured_at: '2025-12-15T10:28' }, { kind: 'historic' }],
        status: ['TEMPORARY_ERROR'],
      },
    });
  });

  it.each([
    { title: 'without a key', hex: whole, key: undefined, code: 'ENCRYPTED_NO_KEY' },
    { title: 'with another key', hex: whole, key: '01'.repeat(16), code: 'DECRYPTION_FAILED' },
    { title: 'with a short key', hex: whole, key: '0102', code: 'KEY_INVALID' },
    { title: 'cut inside its tag', hex: head + counter + tag, key, code: 'FRAME_TOO_SHORT' },
    {
      title: 'with its keys derived otherwise',
      hex: whole.replace('2a1001', '2a2001'),
      key,
      code: 'ENCRYPTION_MODE_UNSUPPORTED',
    },
    { title: 'partly in the clear', hex: whole.replace('10ff2a', '10102a'), key, code: 'ENCRYPTION_MODE_UNSUPPORTED' },
  ])('is refused $title', ({ hex, key: used, code }) => {
    expect(decodeHex(hex, used)).toMatchObject({ ok: false, problem: { code } });
  });

  it('is refused when any bit from the transport layer on is turned', () => {
    const telegram = bytes(whole);
    fc.assert(
      fc.property(fc.integer({ min: 13, max: telegram.length - 1 }), fc.nat(7), (at, bit) => {
        const turned = telegram.slice();
        turned[at] = (turned[at] ?? 0) ^ (1 << bit);
        expect(wmbus.decode(turned, { key: bytes(key) }).ok).toBe(false);
      }),
    );
  });
});

describe('mode 2, on a telegram published by wmbusmeters for its driver actislink', () => {
  const telegram = '1e468b050100000004077a01001002bbd1eafd0222f871cb70da16c78ae098';

  it.each(['0102030405060708', '01020304050607080000000000000000'])('opens with the DES key %s', (key) => {
    expect(decodeHex(telegram, key)).toMatchObject({ uplink: { readings: [{ register_l: 1_000 }] } });
  });

  it.each([
    { title: 'without a key', hex: telegram, key: undefined, code: 'ENCRYPTED_NO_KEY' },
    { title: 'with another key', hex: telegram, key: '1112131415161718', code: 'DECRYPTION_FAILED' },
    { title: 'with a short key', hex: telegram, key: '0102', code: 'KEY_INVALID' },
    {
      title: 'with fewer bytes than its header counts',
      hex: telegram.slice(0, -16),
      key: '0102030405060708',
      code: 'FRAME_TOO_SHORT',
    },
  ])('is refused $title', ({ hex, key, code }) => {
    expect(decodeHex(hex, key)).toMatchObject({ ok: false, problem: { code } });
  });
});

describe('a Qundis walk-by record sealed with the meter’s key, on the telegram of wmbusmeters’ issue 1916', () => {
  const key = '000102030405060708090a0b0c0d0e0f';
  const telegram =
    '49449344016135141907780dff5f350082c100353e44aafedb237bdba569404984a09f6dd12e32c2f03dd335e259dd446711256309cc4e894b4c7d8cc427c7491b94ff05046d160a4f38';

  it('gives what it gives in the clear', () => {
    const result = decodeHex(telegram, key);
    expect(result).toMatchObject({
      uplink: { meter_id: '14356101', readings: [{ register_l: 10, measured_at: '2026-08-15T10:22' }], status: [] },
    });
  });

  it.each([
    { title: 'without a key', key: undefined, code: 'ENCRYPTED_NO_KEY' },
    { title: 'with another key', key: '01'.repeat(16), code: 'DECRYPTION_FAILED' },
    { title: 'with a short key', key: '0102', code: 'KEY_INVALID' },
  ])('is refused $title', ({ key: used, code }) => {
    expect(decodeHex(telegram, used)).toMatchObject({ ok: false, problem: { code } });
  });
});

describe('partial encryption in mode 5', () => {
  it('opens the heat cost allocator of OMS annex N.5.3, which has no volume', () => {
    const telegram =
      '304493444433221155378c00757288776655934455080004100500dfe2a782146d1513581cd2f83f39040cfd1078563412';
    expect(decodeHex(telegram, '000102030405060708090a0b0c0d0e0f')).toMatchObject({ problem: { code: 'NO_VOLUME' } });
    expect(decodeHex(telegram, '010102030405060708090a0b0c0d0e0f')).toMatchObject({
      problem: { code: 'DECRYPTION_FAILED' },
    });
  });
});

describe('Diehl makers', () => {
  const records = '0c1356341200';
  const opened = { uplink: { meter_id: '12345678', readings: [{ register_l: 123_456 }] } };

  it('have a published AES key where nobody set one, which is tried when none is given', () => {
    const key = bytes('51728910e66d83f851728910e66d83f8');
    const vector = bytes('a511 78563412 7007 0101010101010101');
    const cipher = createCipheriv('aes-128-cbc', key, vector).setAutoPadding(false);
    const sealed = hexOf(cipher.update(bytes(`2f2f${records}2f2f2f2f2f2f2f2f`)));
    expect(decodeHex(`0044a511785634127007 7a01001005${sealed}`)).toMatchObject(opened);
    expect(decodeHex(`0044a511785634127007 7a01001005${sealed}`, '01'.repeat(16))).toMatchObject({
      problem: { code: 'DECRYPTION_FAILED' },
    });
    // Another maker's meters have no such key.
    expect(decodeHex(`0044aaaa785634127007 7a01001005${sealed}`)).toMatchObject({
      problem: { code: 'ENCRYPTED_NO_KEY' },
    });
  });

  /** Version and medium first, bit 12 of the configuration, and in its second byte the sum of the records, less bit 4. */
  function scrambled(clear: string, seed: number): Uint8Array {
    const sum = bytes(clear).reduce((total, byte) => total + byte, 0) & 0xef;
    const head = withLength(`0044a511700778563412 7a010000${hexOf(Uint8Array.of(sum | 0x10))}${clear}`);
    const word = (at: number) => Buffer.from(head).readUInt32BE(at);
    let register = (seed ^ word(2) ^ word(6) ^ word(10)) >>> 0;
    for (let at = 15; at < head.length; at += 1) {
      for (let step = 0; step < 8; step += 1) {
        const bit = [1, 2, 11, 31].reduce((sumOfBits, place) => sumOfBits ^ (register >>> place), 0) & 1;
        register = ((register << 1) | bit) >>> 0;
      }
      head[at] = (head[at] ?? 0) ^ (register & 0xff);
    }
    return head;
  }

  it('scramble records with a published key or with their own', () => {
    expect(wmbus.decode(scrambled(records, (0x39bc8a10 ^ 0xe66d83f8) >>> 0), {})).toMatchObject(opened);
    expect(wmbus.decode(scrambled(records, (0x51728910 ^ 0xe66d83f8) >>> 0), {})).toMatchObject(opened);
    const own = scrambled(records, (0x01020304 ^ 0x05060708) >>> 0);
    expect(wmbus.decode(own, { key: bytes('0102030405060708') })).toMatchObject(opened);
    expect(wmbus.decode(own, {})).toMatchObject({ ok: false });
  });

  it('hand on what was unscrambled before, with the header as sent', () => {
    const sum = bytes(records).reduce((total, byte) => total + byte, 0) & 0xef;
    expect(decodeHex(`0044a511700778563412 7a010000${hexOf(Uint8Array.of(sum | 0x10))}${records}`)).toMatchObject(
      opened,
    );
  });
});

describe('the extended link layer', () => {
  const key = bytes('000102030405060708090a0b0c0d0e0f');
  const address = '2d2c785634121b16';
  const session = '21436520';
  const records = '780413e8030000';
  const receiver = '2d2c112233440107';

  /** CC, ACC, where there is one the receiver, session number; then CRC and payload in counter mode. */
  function telegram(ci: string, middle: string): Uint8Array {
    const payload = bytes(records);
    const crc = crcOf(payload);
    const vector = Uint8Array.from([...bytes(address), 0x20, ...bytes(session), 0, 0, 0]);
    const cipher = createCipheriv('aes-128-ctr', key, vector);
    const sealed = cipher.update(Uint8Array.from([crc & 0xff, crc >> 8, ...payload]));
    return withLength(`0044${address}${ci}202a${middle}${session}${hexOf(sealed)}`);
  }

  it.each([
    { ci: '8d', middle: '' },
    { ci: '8f', middle: receiver },
  ])('with CI $ci opens in counter mode with the key alone', ({ ci, middle }) => {
    const sealed = telegram(ci, middle);
    expect(wmbus.decode(sealed, { key })).toMatchObject({ uplink: { readings: [{ register_l: 1_000 }] } });
    expect(wmbus.decode(sealed, {})).toMatchObject({ problem: { code: 'ENCRYPTED_NO_KEY' } });
    expect(wmbus.decode(sealed, { key: key.map((byte) => byte ^ 1) })).toMatchObject({
      problem: { code: 'DECRYPTION_FAILED' },
    });
  });

  it.each(['30', '22', '32'])('opens behind a repeater or at a later access, which make its control %s', (control) => {
    const repeated = telegram('8d', '');
    repeated[11] = Number.parseInt(control, 16);
    expect(wmbus.decode(repeated, { key })).toMatchObject({ uplink: { readings: [{ register_l: 1_000 }] } });
    repeated[11] = 0x24;
    expect(wmbus.decode(repeated, { key })).toMatchObject({ problem: { code: 'DECRYPTION_FAILED' } });
  });

  it.each([
    { ci: '8c', middle: '' },
    { ci: '8e', middle: receiver },
  ])('with CI $ci is passed, and refused where it is cut', ({ ci, middle }) => {
    expect(decodeHex(`0044${address}${ci}202a${middle}${records}`)).toMatchObject({
      uplink: { readings: [{ register_l: 1_000 }] },
    });
    expect(decodeHex(`0044${address}${ci}20`)).toMatchObject({ problem: { code: 'FRAME_TOO_SHORT' } });
  });

  it('is refused with a wrong CRC where nothing is encrypted', () => {
    expect(decodeHex(`0044${address}8d202a000000000000${records}`)).toMatchObject({
      problem: { code: 'FRAME_CRC_WRONG' },
    });
  });
});

describe('compact frames, on the example of EN 13757-3:2018 annex G.5', () => {
  const full = '0202d20402152e16022a3423';
  const compact = '313b42a6d2042e163423';
  const layout = '08313b02020215022a';

  it('can’t be read before their layout is known', () => {
    expect(layoutMemory([]).expand(bytes(compact), true)).toMatchObject({ code: 'COMPACT_FRAME_UNKNOWN' });
  });

  it.each([
    { title: 'a full frame', learn: (memory: ReturnType<typeof layoutMemory>) => memory.learnFrom(bytes(full)) },
    { title: 'a format frame', learn: (memory: ReturnType<typeof layoutMemory>) => memory.learnLayout(bytes(layout)) },
  ])('are read once $title has explained it', ({ learn }) => {
    const memory = layoutMemory([]);
    learn(memory);
    const read = memory.expand(bytes(compact), false);
    expect(read.ok && hexOf(read.data)).toBe(full);
  });

  it('are refused when a value was changed, whichever', () => {
    const memory = layoutMemory(['02020215022a']);
    for (const at of [4, 5, 6, 7, 8, 9]) {
      const changed = bytes(compact);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(memory.expand(changed, false)).toMatchObject({ code: 'FRAME_CRC_WRONG' });
    }
    expect(memory.expand(bytes(compact).subarray(0, 9), true)).toMatchObject({ code: 'FRAME_CRC_WRONG' });
    expect(memory.expand(bytes(`${compact}00`), true)).toMatchObject({ code: 'FRAME_CRC_WRONG' });
  });

  it('are not read by a format frame whose signature is not that of its layout', () => {
    expect(layoutMemory([]).learnLayout(bytes('08313b02020215022b'))).toBe(false);
    expect(layoutMemory([]).learnLayout(bytes('08313b0202'))).toBe(false);
  });

  it('are read by the decoder after a full frame of the same layout, and only then', () => {
    // A layout that no other test uses: a volume, and a second one at storage 5.
    const records = '04131027000084021300000000';
    const values = '1127000000000000';
    const names = '041384021 3'.replaceAll(' ', '');
    const again = records.replace('10270000', '11270000');
    const little = (value: number) => hexOf(Uint8Array.of(value & 0xff, value >> 8));
    const head = '00442d2c785634121b16';
    const short = `${head}79${little(crcOf(bytes(names)))}${little(crcOf(bytes(again)))}${values}`;
    expect(decodeHex(short)).toMatchObject({ problem: { code: 'COMPACT_FRAME_UNKNOWN' } });
    expect(decodeHex(`${head}78${records}`)).toMatchObject({ uplink: { readings: [{ register_l: 10_000 }] } });
    expect(decodeHex(short)).toMatchObject({ uplink: { readings: [{ register_l: 10_001 }] } });
  });
});
