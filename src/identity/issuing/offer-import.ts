// An import of offers, as the desk is told of it.

export interface OfferImport {
  id: string;
  type: string;
  state: 'waiting' | 'running' | 'done' | 'cancelled';
  rows: number;
  offered: number;
  /** Rows whose key an earlier import had; nothing was done for them. */
  known: number;
  /** Offers of it that can still be taken. */
  open: number;
  created_at: string;
  ended_at: string | null;
  /** Whether links and codes can still be had. */
  deliverable: boolean;
}
