-- Issuers other than this service's own whose credentials are accepted, and for which types.

CREATE TABLE identity.trusted_issuer (
  -- A DID, or the name of a root certificate: x509-sha256: and the base64url of its SHA-256.
  issuer text PRIMARY KEY,
  -- The root certificate, DER; null for a DID.
  root bytea,
  types text[] NOT NULL CHECK (cardinality(types) > 0),
  trusted_from timestamptz NOT NULL,
  -- Null where no end is foreseen.
  trusted_until timestamptz CHECK (trusted_until > trusted_from),
  ended_at timestamptz,
  CHECK ((root IS NOT NULL) = (issuer LIKE 'x509-sha256:%'))
);

-- What was done to an entry, by whom, and what it said afterwards.
CREATE TABLE identity.trusted_issuer_audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  actor text NOT NULL CHECK (actor IN ('operator', 'command line')),
  action text NOT NULL CHECK (action IN ('added', 'changed', 'ended')),
  issuer text NOT NULL,
  entry jsonb
);
CREATE INDEX trusted_issuer_audit_issuer ON identity.trusted_issuer_audit (issuer, id);
