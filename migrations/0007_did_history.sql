-- DIDs that change: the approvals of their witnesses, and what is left of erased ones.

-- did-witness.json of a log whose entries need witnesses, each witness's newest approval only; NULL where none do.
ALTER TABLE identity.did ADD COLUMN witness_proofs jsonb;

-- SHA-256 of an erased DID, and of the id it was served under, so that nobody registers either again. Both hold at least
-- 128 random bits, so that the hash leads back to nobody.
CREATE TABLE identity.erased_did (
  hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
  erased_at timestamptz NOT NULL
);
