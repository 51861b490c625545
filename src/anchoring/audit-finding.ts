// What an audit may find, each with the first epoch and, where it can be known, the first key that differ.

export type FindingKind =
  | 'root_differs'
  | 'row_changed'
  | 'not_in_log'
  | 'not_on_chain'
  | 'gap'
  | 'previous_root_wrong'
  | 'block_differs'
  | 'disowned'
  | 'copy_differs';

/** A difference. JSON as printed. */
export interface AuditFinding {
  kind: FindingKind;
  epoch: number;
  /** `null` where the difference can't be pinned to one key. */
  key: string | null;
  root_on_chain: string | null;
  root_of_log: string | null;
  transaction: string | null;
  committer: string | null;
  /** The sentence for people. */
  detail: string;
}

export function finding(
  kind: FindingKind,
  epoch: number,
  detail: string,
  facts: Partial<Omit<AuditFinding, 'kind' | 'epoch' | 'detail'>> = {},
): AuditFinding {
  const nothing = { key: null, root_on_chain: null, root_of_log: null, transaction: null, committer: null };
  return { kind, epoch, ...nothing, ...facts, detail: `epoch ${epoch}: ${detail}` };
}
