-- Authorization of wallets: who may have which credential, with which key. Everything is short-lived and swept by
-- expires_at; codes, tokens and handles are kept as SHA-256 only.

-- Tokens live ten minutes; a wallet that holds one across this change asks for another.
DROP TABLE identity.access_tokens;
-- An offer that is taken is gone: its claims move to the grant in the same statement.
DELETE FROM identity.offers WHERE taken;
ALTER TABLE identity.offers DROP COLUMN taken;

-- An offer that holds no claims: the person who takes it signs in at the city's provider. Its code is the issuer_state.
CREATE TABLE identity.sign_in_offers (
  id uuid PRIMARY KEY,
  code_hash bytea NOT NULL UNIQUE CHECK (octet_length(code_hash) = 32),
  credential_type text NOT NULL,
  reference text NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX sign_in_offers_expiry ON identity.sign_in_offers (expires_at);

-- What one person allowed one wallet to have.
CREATE TABLE identity.grants (
  id uuid PRIMARY KEY,
  -- Null for a wallet that took a pre-authorized offer without naming itself.
  client_id text,
  -- RFC 7638 thumbprint of the key that every token is bound to; null for a Bearer token.
  dpop_thumbprint text,
  -- Opaque: what the office's offer was made for, or a pseudonym of who signed in.
  reference text NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX grants_expiry ON identity.grants (expires_at);

CREATE TABLE identity.granted_credentials (
  identifier uuid PRIMARY KEY,
  grant_id uuid NOT NULL REFERENCES identity.grants ON DELETE CASCADE,
  configuration_id text NOT NULL,
  -- Whether the token answer named the identifier, so that the credential request must.
  by_identifier boolean NOT NULL,
  -- Gone when the last credential is issued, or at claims_until.
  claims jsonb,
  claims_until timestamptz NOT NULL,
  credentials_left smallint NOT NULL CHECK (credentials_left >= 0),
  -- Whether the first request takes all.
  once boolean NOT NULL,
  UNIQUE (grant_id, configuration_id)
);
CREATE INDEX granted_claims_expiry ON identity.granted_credentials (claims_until) WHERE claims IS NOT NULL;

CREATE TABLE identity.access_tokens (
  token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
  grant_id uuid NOT NULL REFERENCES identity.grants ON DELETE CASCADE,
  expires_at timestamptz NOT NULL
);
CREATE INDEX access_tokens_expiry ON identity.access_tokens (expires_at);
CREATE INDEX access_tokens_grant ON identity.access_tokens (grant_id);

-- A spent one stays until the grant ends, so that its reuse is recognised.
CREATE TABLE identity.refresh_tokens (
  token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
  grant_id uuid NOT NULL REFERENCES identity.grants ON DELETE CASCADE,
  spent boolean NOT NULL DEFAULT false
);
CREATE INDEX refresh_tokens_grant ON identity.refresh_tokens (grant_id);

-- A pushed authorization request, until its code is made.
CREATE TABLE identity.authorization_requests (
  id uuid PRIMARY KEY,
  request_uri_hash bytea NOT NULL UNIQUE CHECK (octet_length(request_uri_hash) = 32),
  client_id text NOT NULL,
  redirect_uri text NOT NULL,
  state text,
  code_challenge text NOT NULL,
  dpop_thumbprint text,
  -- [{"configuration_id": …, "by_identifier": …}]
  asked jsonb NOT NULL,
  sign_in_offer uuid,
  -- Until then people are sent to the provider for it; who was sent may come back until it expires.
  usable_until timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX authorization_requests_expiry ON identity.authorization_requests (expires_at);

-- A person on the way to the city's provider and back.
CREATE TABLE identity.provider_sign_ins (
  state_hash bytea PRIMARY KEY CHECK (octet_length(state_hash) = 32),
  request_id uuid NOT NULL REFERENCES identity.authorization_requests ON DELETE CASCADE,
  browser_hash bytea NOT NULL CHECK (octet_length(browser_hash) = 32),
  nonce text NOT NULL,
  code_verifier text NOT NULL
);
CREATE INDEX provider_sign_ins_request ON identity.provider_sign_ins (request_id);

-- A spent one stays until its grant ends, so that its reuse is recognised.
CREATE TABLE identity.authorization_codes (
  code_hash bytea PRIMARY KEY CHECK (octet_length(code_hash) = 32),
  grant_id uuid NOT NULL REFERENCES identity.grants ON DELETE CASCADE,
  redirect_uri text NOT NULL,
  code_challenge text NOT NULL,
  spent boolean NOT NULL DEFAULT false,
  expires_at timestamptz NOT NULL
);
CREATE INDEX authorization_codes_grant ON identity.authorization_codes (grant_id);

-- Nonces that wallets sign into their proofs; one serves all wallets of its minutes, and every copy of the service.
CREATE TABLE identity.server_nonces (
  nonce text PRIMARY KEY,
  purpose text NOT NULL CHECK (purpose IN ('dpop', 'attestation')),
  issued_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX server_nonces_latest ON identity.server_nonces (purpose, issued_at DESC);

-- Identifiers of proofs that were accepted, so that none is accepted twice.
CREATE TABLE identity.spent_proofs (
  proof_hash bytea PRIMARY KEY CHECK (octet_length(proof_hash) = 32),
  expires_at timestamptz NOT NULL
);
CREATE INDEX spent_proofs_expiry ON identity.spent_proofs (expires_at);
