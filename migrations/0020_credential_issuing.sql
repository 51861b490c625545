-- Issuing to wallets: nonces that are kept only once they are spent, offers that wait for somebody's approval, credentials
-- that are fetched later, and what wallets say became of those they were given.

-- Nonces carry their own seal now; those given out before this change are asked for again.
DROP TABLE identity.proof_nonces;
CREATE TABLE identity.spent_nonces (
  nonce_hash bytea PRIMARY KEY CHECK (octet_length(nonce_hash) = 32),
  -- When the nonce itself ends; until then it must be known as spent.
  expires_at timestamptz NOT NULL
);
CREATE INDEX spent_nonces_expiry ON identity.spent_nonces (expires_at);

-- What an offer is of, where that is more, or other, than its type's first configuration.
CREATE TABLE identity.offer_configurations (
  offer_id uuid PRIMARY KEY REFERENCES identity.offers ON DELETE CASCADE,
  -- Keys of `credential_configurations_supported`, all of the offer's type.
  configuration_ids text[] NOT NULL CHECK (cardinality(configuration_ids) > 0)
);

-- Offers that somebody must approve, from the day they are made until what they allow has ended. The offer itself goes
-- when it is taken; the decision is looked up under its id.
CREATE TABLE identity.offer_approvals (
  offer_id uuid PRIMARY KEY,
  credential_type text NOT NULL,
  reference text NOT NULL,
  -- NULL while it waits.
  decision text CHECK (decision IN ('approved', 'refused')),
  decided_at timestamptz CHECK ((decided_at IS NULL) = (decision IS NULL)),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX offer_approvals_waiting ON identity.offer_approvals (created_at, offer_id) WHERE decision IS NULL;
CREATE INDEX offer_approvals_expiry ON identity.offer_approvals (expires_at);

-- The offer whose approval must be there before anything is issued; NULL where none is needed.
ALTER TABLE identity.granted_credentials ADD COLUMN approval_of uuid;

-- A request that was right but could not be answered yet, with the public keys it proved.
CREATE TABLE identity.deferred_issues (
  identifier uuid PRIMARY KEY REFERENCES identity.granted_credentials ON DELETE CASCADE,
  transaction_hash bytea NOT NULL UNIQUE CHECK (octet_length(transaction_hash) = 32),
  holder_keys jsonb NOT NULL
);

-- One row an answer with credentials, for as long as the wallet may say what became of them.
CREATE TABLE identity.credential_answers (
  notification_hash bytea PRIMARY KEY CHECK (octet_length(notification_hash) = 32),
  identifier uuid NOT NULL REFERENCES identity.granted_credentials ON DELETE CASCADE,
  credential_ids uuid[] NOT NULL
);
CREATE INDEX credential_answers_granted ON identity.credential_answers (identifier);

-- What the wallet said became of a credential.
CREATE TABLE identity.credential_events (
  credential_id uuid NOT NULL REFERENCES identity.credential ON DELETE CASCADE,
  event text NOT NULL CHECK (event IN ('credential_accepted', 'credential_failure', 'credential_deleted')),
  noted_at timestamptz NOT NULL,
  PRIMARY KEY (credential_id, event)
);
