-- Identity: DID logs, credentials' status, offers, presentations.
CREATE SCHEMA identity;

-- DIDs and the credentials' status -------------------------------------------------------------------------------

-- One row a DID. A person's salt and log go together at erasure; what is on the chain then means nothing.
CREATE TABLE identity.did (
  did text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('institution', 'person')),
  -- The domain for an institution, the random id for a person: where the log is served.
  location text NOT NULL,
  log text NOT NULL,
  salt bytea CHECK (octet_length(salt) = 32),
  registered_at timestamptz NOT NULL,
  UNIQUE (kind, location),
  CHECK ((kind = 'person') = (salt IS NOT NULL))
);

-- The bits of issued credentials: bit i of byte i/8, least significant first, 1 = revoked.
CREATE TABLE identity.status_list (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  bits bytea NOT NULL,
  -- Rises with every change of the bits.
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL
);

-- One row an issue. No claims, ever.
CREATE TABLE identity.credential (
  id uuid PRIMARY KEY,
  type text,
  format text NOT NULL CHECK (format IN ('dc+sd-jwt', 'ldp_vc')),
  status_list bigint NOT NULL REFERENCES identity.status_list,
  status_index integer NOT NULL,
  -- What the offer was made for, in the words of who made it.
  reference text,
  holder_thumbprint text,
  issued_at timestamptz NOT NULL,
  revoked_at timestamptz,
  revocation_reason text,
  UNIQUE (status_list, status_index)
);
CREATE INDEX ON identity.credential (reference, issued_at) WHERE reference IS NOT NULL;

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
