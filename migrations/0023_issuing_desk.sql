-- The issuing desk: staff with duties, offers made one by one and from registers, and the audit of both.

-- Offers and imports ---------------------------------------------------------------------------------------------

ALTER TABLE identity.offers
  ADD COLUMN offered_at timestamptz,
  -- The import that made it; null for one made singly.
  ADD COLUMN import_id uuid,
  ADD COLUMN import_line integer;
CREATE INDEX offers_import ON identity.offers (import_id) WHERE import_id IS NOT NULL;
CREATE INDEX offers_listing ON identity.offers (expires_at DESC, id);
CREATE INDEX credential_listing ON identity.credential (issued_at DESC, id);

-- A register that is turned into offers, row by row.
CREATE TABLE identity.offer_import (
  id uuid PRIMARY KEY,
  credential_type text NOT NULL,
  -- Of the whole file, under a key: the same file a second time is the same import.
  file_hash bytea NOT NULL CHECK (octet_length(file_hash) = 32),
  -- With the service's secret it gives the links and codes, which are kept nowhere; erased when the offers have ended.
  salt bytea CHECK (octet_length(salt) = 32),
  state text NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'cancelled')),
  rows_total integer NOT NULL,
  rows_offered integer NOT NULL DEFAULT 0,
  -- Rows whose key an earlier import had.
  rows_known integer NOT NULL DEFAULT 0,
  offer_lifetime_s integer NOT NULL,
  created_at timestamptz NOT NULL,
  ended_at timestamptz
);
CREATE UNIQUE INDEX offer_import_file ON identity.offer_import (credential_type, file_hash) WHERE state <> 'cancelled';
CREATE INDEX offer_import_open ON identity.offer_import (created_at) WHERE state IN ('waiting', 'running');
CREATE INDEX offer_import_salted ON identity.offer_import (ended_at) WHERE salt IS NOT NULL;

CREATE TABLE identity.offer_import_row (
  import_id uuid NOT NULL REFERENCES identity.offer_import ON DELETE CASCADE,
  -- Of the file; the heading's is 1.
  line integer NOT NULL,
  -- The register's own number of the entry.
  key text NOT NULL,
  reference text NOT NULL,
  -- Until the offer is made, which then holds them.
  claims jsonb,
  outcome text NOT NULL DEFAULT 'waiting' CHECK (outcome IN ('waiting', 'offered', 'known')),
  expires_at timestamptz,
  PRIMARY KEY (import_id, line),
  CHECK ((outcome = 'waiting') = (claims IS NOT NULL))
);
CREATE INDEX offer_import_row_waiting ON identity.offer_import_row (import_id, line) WHERE outcome = 'waiting';

-- Every key that an import made an offer for: it is never offered to again.
CREATE TABLE identity.offered_key (
  credential_type text NOT NULL,
  key text NOT NULL,
  import_id uuid NOT NULL,
  PRIMARY KEY (credential_type, key)
);
CREATE INDEX offered_key_import ON identity.offered_key (import_id);

-- Staff ----------------------------------------------------------------------------------------------------------

ALTER TABLE portal.staff_session
  -- Who comes in by an administrator's link is one.
  ADD COLUMN duty text NOT NULL DEFAULT 'administrator',
  -- Empty: every zone.
  ADD COLUMN zones text[] NOT NULL DEFAULT '{}',
  -- The staff credential that was shown; null for a link. It is looked at again at every request.
  ADD COLUMN credential_id uuid;
ALTER TABLE portal.staff_session ALTER COLUMN duty DROP DEFAULT;

-- Audit ----------------------------------------------------------------------------------------------------------

ALTER TABLE portal.audit
  -- What the actor acted as: a duty, or `command_line`.
  ADD COLUMN duty text,
  ADD COLUMN credential_type text,
  ADD COLUMN offer_id uuid,
  ADD COLUMN import_id uuid;

-- Rows are only ever added.
CREATE FUNCTION portal.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit is never changed';
END $$;
CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE ON portal.audit
  FOR EACH ROW EXECUTE FUNCTION portal.refuse_change();
