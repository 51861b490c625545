-- Verifiers: who may ask people for what, and requests for several credentials at once.

-- One row a verifier that this service asks for. What it may ask is fixed here and nowhere in a request.
CREATE TABLE identity.verifier (
  id text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name jsonb NOT NULL,
  purpose jsonb NOT NULL,
  -- How long it keeps what it is shown, in the words of the wallet's sheet.
  keeps jsonb NOT NULL,
  -- [{"type": …, "claims": […]}]
  may_ask jsonb NOT NULL,
  -- Origins to which a wallet's browser may be sent back, and whose pages may use the Digital Credentials API.
  return_origins text[] NOT NULL,
  -- PEM, its own certificate first; null where it asks under the service's.
  certificate text,
  -- SHA-256 of the bearer token of its programs; null where it has none.
  token_hash bytea UNIQUE CHECK (octet_length(token_hash) = 32),
  registered_at timestamptz NOT NULL,
  ended_at timestamptz
);

-- What was done to a registration, by whom, and what it said afterwards.
CREATE TABLE identity.verifier_audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  actor text NOT NULL CHECK (actor IN ('service', 'operator', 'command line')),
  action text NOT NULL CHECK (action IN ('registered', 'changed', 'token made', 'ended')),
  verifier text NOT NULL,
  registration jsonb
);
CREATE INDEX verifier_audit_verifier ON identity.verifier_audit (verifier, id);

-- Requests live five minutes: those under way have another form and are begun again.
DELETE FROM identity.presentation_requests;
ALTER TABLE identity.presentation_requests
  DROP COLUMN credential_type,
  DROP COLUMN claims,
  DROP CONSTRAINT presentation_requests_mode_check,
  ADD CHECK (mode IN ('same_device', 'cross_device', 'dc_api')),
  -- Credentials wanted, and the sets of them that answer.
  ADD COLUMN wanted jsonb NOT NULL,
  -- How the request says who asks.
  ADD COLUMN client text NOT NULL CHECK (client IN ('x509_hash', 'decentralized_identifier', 'redirect_uri', 'origin')),
  -- Page that asks through the Digital Credentials API.
  ADD COLUMN origin text,
  -- Entries of transaction_data as they are sent, base64url.
  ADD COLUMN transactions text[] NOT NULL,
  -- Private key for the one answer, sealed with what only the wallet's link holds; null where answers come unencrypted.
  ADD COLUMN response_key bytea;
