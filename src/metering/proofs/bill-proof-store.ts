// The SQL that reads what a bill's proof is made of, beside its readings.
import type { Queryable } from '../../platform/postgres/database.ts';
import type { BillProof } from './bill-proof.ts';

export interface ProvenBill {
  bill_id: number;
  service_point_id: string;
  use_from: string;
  use_until: string;
  document: string;
  tariff_text: string;
  version: number;
  volume_l: number;
  estimated_l: number;
  parts: { install_id: number; from: string; days_l: number[]; estimated: { day: string; volume_l: number }[] }[];
  computed_ms: number;
}

/** The bill with the version of use that it charged; null where there is no such bill. */
export async function findProvenBill(from: Queryable, billId: number): Promise<ProvenBill | null> {
  const { rows } = await from.query<ProvenBill>(
    `SELECT b.bill_id, b.service_point_id, b.use_from::text AS use_from, b.use_until::text AS use_until,
            b.document::text AS document, t.content AS tariff_text, v.version, v.volume_l, v.estimated_l, v.parts,
            (extract(epoch FROM v.computed_at) * 1000)::float8 AS computed_ms
       FROM metering.bill b
       JOIN metering.volume_version v USING (service_point_id, use_from, use_until, version)
       JOIN metering.bill_run r USING (run_id)
       JOIN metering.tariff_text t ON t.sha256 = r.tariff_sha256
      WHERE b.bill_id = $1`,
    [billId],
  );
  return rows[0] ?? null;
}

export function useOfVersion({ version, volume_l, estimated_l, parts }: ProvenBill): BillProof['use'] {
  return {
    ...{ version, volume_l, estimated_l },
    parts: parts.map(({ install_id, from, days_l, estimated }) => ({
      ...{ install: install_id, from, days_l },
      estimated: estimated.map((one) => ({ day: one.day, volume_l: one.volume_l })),
    })),
  };
}
