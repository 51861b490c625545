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

