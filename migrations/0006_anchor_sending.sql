-- Anchoring: what was sent to the chain, and how the worker stands.

-- Every transaction, written down before it is sent: it can be sent again as it is, and whichever of several under one
-- nonce gets mined is known. No reference to anchoring.epoch: what was sent stays true whatever becomes of that row.
CREATE TABLE anchoring.sending (
  transaction anchoring.hash PRIMARY KEY,
  what text NOT NULL CHECK (what IN ('deploy', 'register', 'offer', 'commit', 'fill')),
  epoch bigint CHECK ((what = 'commit') = (epoch IS NOT NULL)),
  account text NOT NULL,
  nonce bigint NOT NULL CHECK (nonce >= 0),
  gas_limit numeric(39) NOT NULL,
  -- The most paid for one gas, in wei; tip_wei is NULL on a chain without a base fee.
  max_fee_wei numeric(78) NOT NULL,
  tip_wei numeric(78),
  signed bytea NOT NULL,
  sent_at timestamptz NOT NULL,
  -- The node took it for too cheap: it waits nowhere.
  refused boolean NOT NULL DEFAULT false
);
CREATE INDEX ON anchoring.sending (account, nonce);
CREATE INDEX ON anchoring.sending (epoch);

-- What the worker saw in its last round, for processes that don't work on epochs themselves: one row.
CREATE TABLE anchoring.worker_state (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  state jsonb NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
