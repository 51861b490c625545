-- Identity: DID logs, credentials' status, offers, presentations.
CREATE SCHEMA identity;

-- OpenID4VCI and OpenID4VP
-- Everything here is short-lived and swept by expires_at; secrets are kept as SHA-256 only.
CREATE TABLE identity.offers (
  id uuid PRIMARY KEY,
  code_hash bytea NOT NULL UNIQUE CHECK (octet_length(code_hash) = 32),
  tx_code_hash bytea NOT NULL CHECK (octet_length(tx_code_hash) = 32),
  tries_left smallint NOT NULL CHECK (tries_left BETWEEN 0 AND 5),
  taken boolean NOT NULL DEFAULT false,
  credential_type text NOT NULL,
  claims jsonb NOT NULL,
  reference text NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX offers_expiry ON identity.offers (expires_at);

CREATE TABLE identity.access_tokens (
  token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
  offer_id uuid NOT NULL UNIQUE REFERENCES identity.offers ON DELETE CASCADE,
  expires_at timestamptz NOT NULL
);
CREATE INDEX access_tokens_expiry ON identity.access_tokens (expires_at);

CREATE TABLE identity.proof_nonces (
  nonce_hash bytea PRIMARY KEY CHECK (octet_length(nonce_hash) = 32),
  expires_at timestamptz NOT NULL
);
CREATE INDEX proof_nonces_expiry ON identity.proof_nonces (expires_at);

CREATE TABLE identity.presentation_requests (
  id uuid PRIMARY KEY,
  handle_hash bytea NOT NULL UNIQUE CHECK (octet_length(handle_hash) = 32),
  verifier text NOT NULL,
  credential_type text NOT NULL,
  claims jsonb NOT NULL,
  purpose jsonb NOT NULL,
  mode text NOT NULL CHECK (mode IN ('same_device', 'cross_device')),
  return_url text,
  nonce text NOT NULL,
  state text NOT NULL,
  outcome text NOT NULL DEFAULT 'waiting' CHECK (outcome IN ('waiting', 'verified', 'refused', 'collected')),
  verdict jsonb,
  response_code_hash bytea CHECK (octet_length(response_code_hash) = 32),
  expires_at timestamptz NOT NULL
);
CREATE INDEX presentation_requests_expiry ON identity.presentation_requests (expires_at);
