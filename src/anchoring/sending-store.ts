// SQL for the transactions sent to the chain.
import type { Queryable } from '../platform/postgres/database.ts';
import type { Fees } from './sending-fees.ts';

export type SendingPurpose = 'deploy' | 'register' | 'offer' | 'commit' | 'fill';

export interface Sending extends Fees {
  /** Hash, `0x…`. */
  transaction: string;
  what: SendingPurpose;
  /** Of a commit; else `null`. */
  epoch: number | null;
  nonce: number;
  gasLimit: bigint;
  /** The signed transaction as it goes to a node, 0x-hex. */
  signed: string;
  sentAt: Date;
  /** The node took it for too cheap. */
  refused: boolean;
}

const COLUMNS = `'0x' || encode(transaction, 'hex') AS transaction, what, epoch, nonce, gas_limit AS "gasLimit",
  max_fee_wei, tip_wei, '0x' || encode(signed, 'hex') AS signed, sent_at AS "sentAt", refused`;

type Row = Omit<Sending, 'gasLimit' | 'max_wei' | 'tip_wei'> & {
  gasLimit: string;
  max_fee_wei: string;
  tip_wei: string | null;
};

const toBytea = (hex: string): Buffer => Buffer.from(hex.slice(2), 'hex');

/** To be called before the transaction leaves. */
export async function insertSending(to: Queryable, account: string, sending: Sending): Promise<void> {
  await to.query(
    `INSERT INTO anchoring.sending
       (transaction, what, epoch, account, nonce, gas_limit, max_fee_wei, tip_wei, signed, sent_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     ON CONFLICT (transaction) DO UPDATE SET sent_at = excluded.sent_at, refused = false`,
    [
      toBytea(sending.transaction),
      sending.what,
      sending.epoch,
      account,
      sending.nonce,
      String(sending.gasLimit),
      String(sending.max_wei),
      sending.tip_wei === null ? null : String(sending.tip_wei),
      toBytea(sending.signed),
      sending.sentAt,
    ],
  );
}

/** What `account` sent under `fromNonce` and later, and whatever it sent for the same thing; newest first. */
export async function readSendings(
  from: Queryable,
  account: string,
  { what, epoch, fromNonce }: { what: SendingPurpose; epoch: number | null; fromNonce: number },
): Promise<Sending[]> {
  const { rows } = await from.query(
    `SELECT ${COLUMNS} FROM anchoring.sending
     WHERE account = $1 AND (nonce >= $2 OR (what = $3 AND epoch IS NOT DISTINCT FROM $4))
     ORDER BY nonce DESC, max_fee_wei DESC LIMIT 200`,
    [account, fromNonce, what, epoch],
  );
  return (rows as Row[]).map(({ gasLimit, max_fee_wei, tip_wei, ...row }) => ({
    ...row,
    gasLimit: BigInt(gasLimit),
    max_wei: BigInt(max_fee_wei),
    tip_wei: tip_wei === null ? null : BigInt(tip_wei),
  }));
}

/** Hashes of what was sent for an epoch, the last one first. */
export async function readTransactionsOf(from: Queryable, epoch: number): Promise<string[]> {
  const { rows } = await from.query(
    `SELECT '0x' || encode(transaction, 'hex') AS transaction FROM anchoring.sending
     WHERE epoch = $1 AND NOT refused ORDER BY sent_at DESC, max_fee_wei DESC LIMIT 50`,
    [epoch],
  );
  return (rows as { transaction: string }[]).map(({ transaction }) => transaction);
}

export async function recordRefused(to: Queryable, transaction: string): Promise<void> {
  await to.query('UPDATE anchoring.sending SET refused = true WHERE transaction = $1', [toBytea(transaction)]);
}

/** Nonce under which `account` last deployed the contract, `null` where it never did. */
export async function readDeploymentNonce(from: Queryable, account: string): Promise<number | null> {
  const { rows } = await from.query(
    `SELECT max(nonce) AS nonce FROM anchoring.sending WHERE account = $1 AND what = 'deploy'`,
    [account],
  );
  return (rows[0] as { nonce: number | null }).nonce;
}

/** Where a chain has lost everything, nothing that was sent to it counts any more. */
export async function forgetSendings(to: Queryable): Promise<void> {
  await to.query('DELETE FROM anchoring.sending');
}
