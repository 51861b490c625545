// The peer's second half: a program that subscribes at a broker with `mqtt` and writes what comes into a table. The broker
// has acknowledged a message before this has stored it. Only the reading is kept, not the bytes that it came in.
import mqtt from 'mqtt';
import pg from 'pg';

export interface ConsumerTask {
  databaseUrl: string;
  brokerUrl: string;
  /** `group`: one batch in flight, the next gathers meanwhile; `each`: one INSERT a message; or so many rows a batch. */
  commit: 'group' | 'each' | number;
}

interface Reading {
  meter: bigint;
  measuredAt_us: bigint;
  register_l: bigint;
}

const INT8_OID = 20;
/** 2000-01-01, from which PostgreSQL counts. */
const POSTGRES_EPOCH_s = 946_684_800;
const INSERTS_AT_ONCE = 8;

const INSERT = `INSERT INTO peer_reading
  SELECT meter, '2000-01-01T00:00:00Z'::timestamptz + at * interval '1 microsecond', register_l
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS given (meter, at, register_l)
    ON CONFLICT DO NOTHING`;

/** An array of bigint in PostgreSQL's binary form: dimensions, flags, type, length, lower bound; then length and value. */
function int8Array(values: readonly bigint[]): Buffer {
  const bytes = Buffer.allocUnsafe(20 + 12 * values.length);
  for (const [index, word] of [1, 0, INT8_OID, values.length, 1].entries()) bytes.writeInt32BE(word, 4 * index);
  let at = 20;
  for (const value of values) {
    bytes.writeInt32BE(8, at);
    bytes.writeBigInt64BE(value, at + 4);
    at += 12;
  }
  return bytes;
}

function readingsOf(payload: Buffer): Reading[] {
  const records = JSON.parse(payload.toString()) as { bn?: string; bt?: number; v: number; t?: number }[];
  const base = records[0];
  const meter = BigInt(base?.bn?.split(':')[3] ?? '0');
  const from_s = (base?.bt ?? 0) - POSTGRES_EPOCH_s;
  return records.map(({ v, t }) => ({
    meter,
    measuredAt_us: BigInt(from_s + (t ?? 0)) * 1_000_000n,
    register_l: BigInt(v),
  }));
}

async function consume({ databaseUrl, brokerUrl, commit }: ConsumerTask): Promise<void> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: INSERTS_AT_ONCE });
  const client = await mqtt.connectAsync(brokerUrl, { clientId: 'consumer' });
  let stored = 0;
  const gathered: Reading[] = [];
  let running = 0;
  const most = commit === 'group' ? 20_000 : commit === 'each' ? 1 : commit;
  const atOnce = commit === 'each' ? INSERTS_AT_ONCE : 1;
  async function store(): Promise<void> {
    if (running >= atOnce || gathered.length === 0) return;
    running += 1;
    const batch = gathered.splice(0, most);
    const columns = [
      int8Array(batch.map(({ meter }) => meter)),
      int8Array(batch.map(({ measuredAt_us }) => measuredAt_us)),
      int8Array(batch.map(({ register_l }) => register_l)),
    ];
    await pool.query({ name: 'peer', text: INSERT, values: columns });
    stored += batch.length;
    running -= 1;
    void store();
  }
  client.on('message', (_topic, payload) => {
    gathered.push(...readingsOf(payload));
    void store();
  });
  await client.subscribeAsync('naru/v1/up/#', { qos: 1 });
  process.send?.('ready');
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ stored, cpu_s: (user + system) / 1e6 });
  });
}

process.on('disconnect', () => process.exit(0));
process.once('message', (task: ConsumerTask) => void consume(task));
