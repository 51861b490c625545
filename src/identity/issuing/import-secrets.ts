// Links and transaction codes of imported offers: worked out from a key and the row, so that they lie nowhere.
import { createHmac } from 'node:crypto';
import type { Random } from '../../platform/random.ts';
import { randomDigits } from '../secrets.ts';

export interface ImportSecrets {
  /** Of a whole file, fed in pieces: says whether a file was imported before, and to nobody else what was in it. */
  fileHash(): { update(piece: Uint8Array): unknown; digest(): Buffer };
  /** The secrets of the offer for a line. The salt is random for each import, and when it is erased they are gone. */
  ofRow(salt: Uint8Array, line: number): { handle: string; txCode: string };
}

/** @param secret of the service; what is made of it here can't be matched with what is made of it elsewhere */
export function createImportSecrets(secret: string): ImportSecrets {
  const keyOf = (purpose: string): Buffer => createHmac('sha256', secret).update(`naru/import/${purpose}/1`).digest();
  const fileKey = keyOf('file');
  const rowKey = keyOf('row');
  return {
    fileHash: () => createHmac('sha256', fileKey),
    ofRow(salt, line) {
      const stream = (what: string): Random => {
        let taken = 0;
        return {
          bytes(length) {
            const block = createHmac('sha256', rowKey).update(salt).update(`\0${line}\0${what}\0${taken++}`).digest();
            return new Uint8Array(block.subarray(0, length));
          },
        };
      };
      return {
        handle: Buffer.from(stream('link').bytes(32)).toString('base64url'),
        txCode: randomDigits(stream('code')),
      };
    },
  };
}
