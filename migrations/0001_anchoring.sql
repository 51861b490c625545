-- Anchoring: one authenticated map of hashes and its epochs. Everything here is hashes; all of it may be public.
CREATE SCHEMA anchoring;

CREATE DOMAIN anchoring.hash AS bytea CHECK (octet_length(VALUE) = 32);

-- Changes that wait for the next epoch, written by other rooms in their own transactions; value NULL removes the key.
CREATE TABLE anchoring.outbox (
  key anchoring.hash PRIMARY KEY,
  value anchoring.hash,
  position bigint NOT NULL GENERATED ALWAYS AS IDENTITY
);
CREATE INDEX ON anchoring.outbox (position);

-- One row an epoch, numbered without gaps from 1.
CREATE TABLE anchoring.epoch (
  epoch bigint PRIMARY KEY CHECK (epoch > 0),
  previous_root anchoring.hash NOT NULL,
  root anchoring.hash NOT NULL,
  made_at timestamptz NOT NULL,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'included', 'final')),
  transaction anchoring.hash,
  block bigint,
  block_hash anchoring.hash,
  block_time timestamptz,
  CHECK (status = 'pending' OR (transaction IS NOT NULL AND block IS NOT NULL AND block_hash IS NOT NULL
    AND block_time IS NOT NULL))
);
CREATE INDEX ON anchoring.epoch (epoch) WHERE status <> 'final';

-- The public log: what each epoch changed. It is the map's only store: replaying it gives the map at any epoch, and the
-- index holds the values, so that the latest of each key is read from the index alone.
CREATE TABLE anchoring.change (
  epoch bigint NOT NULL REFERENCES anchoring.epoch,
  key anchoring.hash NOT NULL,
  value anchoring.hash,
  PRIMARY KEY (key, epoch) INCLUDE (value)
);
CREATE INDEX ON anchoring.change (epoch);

-- The contract this database's epochs go to: one row.
CREATE TABLE anchoring.registry (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  chain_id bigint NOT NULL,
  contract text NOT NULL,
  registry_id anchoring.hash NOT NULL
);
