-- What only the portal may join: reductions that people proved, and the bills that became credentials of theirs. Metering
-- learns "proven from … until" and identity an opaque number; no claim, no name and no DID is kept here.

CREATE TABLE portal.reduction_request (
  request_id   text PRIMARY KEY,
  -- Bound to the session that asked: no other one can take the answer up.
  session_hash bytea NOT NULL REFERENCES portal.citizen_session ON DELETE CASCADE,
  predicate    text NOT NULL,
  expires_at   timestamptz NOT NULL
);
CREATE INDEX ON portal.reduction_request (session_hash);
CREATE INDEX ON portal.reduction_request (expires_at);

CREATE TABLE portal.reduction_proof (
  id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pseudonym        bytea NOT NULL CHECK (octet_length(pseudonym) = 32),
  service_point    text NOT NULL,
  predicate        text NOT NULL,
  -- The issuer's own number, under which the status of what was shown is asked again; erased when the proof ends.
  status_reference text,
  -- The water account under which the person has the place; erased with it.
  account          text,
  from_date        date NOT NULL,
  -- The first day on which it no longer counts; null while none is known. It may lie ahead.
  until_date       date CHECK (until_date >= from_date),
  -- The first day on which the credential is no longer valid.
  expires_date     date NOT NULL,
  -- When the status was last seen to be good, and last asked for.
  confirmed_at     timestamptz NOT NULL,
  checked_at       timestamptz NOT NULL,
  ended_because    text CHECK (ended_because IN
    ('revoked', 'suspended', 'expired', 'moved_out', 'account_ended', 'unknown', 'given_up', 'replaced')),
  CHECK ((ended_because IS NULL) = (status_reference IS NOT NULL)),
  CHECK ((ended_because IS NULL) = (account IS NOT NULL)),
  CHECK (ended_because IS NULL OR until_date IS NOT NULL)
);
-- Under way, a predicate is proven once for a place.
CREATE UNIQUE INDEX reduction_proof_live ON portal.reduction_proof (service_point, predicate)
  WHERE ended_because IS NULL;
CREATE INDEX reduction_proof_reference ON portal.reduction_proof (status_reference) WHERE ended_because IS NULL;
CREATE INDEX reduction_proof_due ON portal.reduction_proof (checked_at) WHERE ended_because IS NULL;
CREATE INDEX ON portal.reduction_proof (pseudonym);

-- The offer of a bill to its person's wallet: one at a time, and none once it was taken.
CREATE TABLE portal.bill_offer (
  pseudonym  bytea NOT NULL CHECK (octet_length(pseudonym) = 32),
  bill_id    bigint NOT NULL,
  offer_id   text,
  expires_at timestamptz,
  PRIMARY KEY (pseudonym, bill_id)
);
