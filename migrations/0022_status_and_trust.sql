-- Two bits a status entry, lists that say nothing by their counts or numbers, and the keys of the issuer that nobody may
-- trust any more.

-- Status ---------------------------------------------------------------------------------------------------------

-- Each bit of a list becomes two: 0 valid, 1 revoked, 2 suspended; entry i at bits 2i and 2i+1, least significant first.
-- Nobody's state changes: a bit that was set becomes a 1, one that was not a 0.
UPDATE identity.status_list list SET bits = (
  WITH spread AS (
    SELECT one, (SELECT sum(((one >> bit) & 1) << (2 * bit)) FROM generate_series(0, 7) AS bit)::integer AS two
    FROM generate_series(0, 255) AS one
  )
  SELECT string_agg(set_byte(set_byte('\x0000'::bytea, 0, two & 255), 1, two >> 8), '' ORDER BY place)
  FROM generate_series(0, octet_length(list.bits) - 1) AS place
  JOIN spread ON spread.one = get_byte(list.bits, place)
);

ALTER TABLE identity.status_list
  -- Whether new credentials are given places in it. Lists made before there were decoys take no more.
  ADD COLUMN is_open boolean NOT NULL DEFAULT false,
  -- One bit an entry: places that no credential is ever given, and which are set now and then. NULL until they are chosen.
  ADD COLUMN decoys bytea,
  -- When the bits last changed; the list's `iat` is never before it.
  ADD COLUMN changed_at timestamptz;
UPDATE identity.status_list SET changed_at = created_at;
ALTER TABLE identity.status_list ALTER COLUMN changed_at SET NOT NULL;
CREATE INDEX status_list_open ON identity.status_list (id) WHERE is_open;

ALTER TABLE identity.credential
  ADD COLUMN suspended_at timestamptz,
  ADD COLUMN suspension_reason text,
  -- The issuer's key it was signed with: the fragment of the verification method.
  ADD COLUMN signing_key text,
  ADD CHECK (suspended_at IS NULL OR revoked_at IS NULL);
UPDATE identity.credential SET signing_key = CASE format WHEN 'dc+sd-jwt' THEN 'p256' ELSE 'ed25519' END;
ALTER TABLE identity.credential ALTER COLUMN signing_key SET NOT NULL;

-- The issuer's keys ---------------------------------------------------------------------------------------------

-- Keys of this service's issuer that were stolen or lost, by the fragment of their verification method. Nothing is
-- recorded as signed with one of them any more.
CREATE TABLE identity.revoked_issuer_key (
  fragment text PRIMARY KEY,
  reason text NOT NULL,
  actor text NOT NULL,
  revoked_at timestamptz NOT NULL
);
