-- Device identity: keyed secrets with a former one beside, certificates, pinned keys, claim codes, and what staff did.

-- Scheme 1 is SHA-256 alone; 2 is the same under HMAC with the service's key. A process that holds the key raises 1 to 2
-- when it starts. Without a secret a device shows a certificate.
ALTER TABLE metering.device
  ALTER COLUMN secret_hash DROP NOT NULL,
  ADD COLUMN secret_scheme smallint NOT NULL DEFAULT 1 CHECK (secret_scheme IN (1, 2)),
  ADD COLUMN former_secret_hash bytea CHECK (octet_length(former_secret_hash) = 32),
  ADD COLUMN former_secret_until timestamptz,
  ADD COLUMN revoked_reason text CHECK (length(revoked_reason) <= 200),
  -- The transaction that last changed what the device may show or send: a process that missed the notification asks for
  -- those since its last look.
  ADD COLUMN changed_xid xid8 NOT NULL DEFAULT '0',
  ADD CHECK ((former_secret_hash IS NULL) = (former_secret_until IS NULL));
CREATE INDEX device_changed ON metering.device (changed_xid);
CREATE INDEX device_unkeyed ON metering.device (device_no) WHERE secret_scheme = 1;

-- SHA-256 of a public key (SubjectPublicKeyInfo) that the device may show in a certificate of anybody's.
CREATE TABLE metering.device_pin (
  device_no integer NOT NULL REFERENCES metering.device,
  spki_sha256 bytea NOT NULL CHECK (octet_length(spki_sha256) = 32),
  added_at timestamptz NOT NULL,
  PRIMARY KEY (spki_sha256, device_no)
);
CREATE INDEX ON metering.device_pin (device_no);

-- Our own certificate authority: its certificate. The key is in the data folder of whoever signs.
CREATE TABLE metering.device_ca (
  ca_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  certificate bytea NOT NULL UNIQUE,
  created_at timestamptz NOT NULL
);

-- What it signed. One that is not listed here is not taken, whoever signed it.
CREATE TABLE metering.device_certificate (
  serial text PRIMARY KEY CHECK (serial ~ '^[0-9a-f]{1,40}$'),
  ca_id integer NOT NULL REFERENCES metering.device_ca,
  device_no integer NOT NULL REFERENCES metering.device,
  spki_sha256 bytea NOT NULL CHECK (octet_length(spki_sha256) = 32),
  issued_at timestamptz NOT NULL,
  not_after timestamptz NOT NULL,
  revoked_at timestamptz,
  revoked_reason text CHECK (length(revoked_reason) <= 200)
);
CREATE INDEX ON metering.device_certificate (device_no);

-- Printed on a card: the selector finds the row, the hash proves the rest.
CREATE TABLE metering.device_claim (
  selector text PRIMARY KEY,
  code_hash bytea NOT NULL CHECK (octet_length(code_hash) = 32),
  device_no integer NOT NULL REFERENCES metering.device,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  wrong_tries smallint NOT NULL DEFAULT 0,
  used_at timestamptz
);
CREATE INDEX ON metering.device_claim (device_no);
CREATE INDEX ON metering.device_claim (expires_at);

-- What looks wrong with a device. One open event a device and kind; seen again it counts.
CREATE TABLE metering.device_event (
  event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  device_no integer NOT NULL REFERENCES metering.device,
  kind text NOT NULL CHECK (kind IN ('clone', 'flood', 'trespass', 'acknowledgement')),
  detail text NOT NULL CHECK (length(detail) <= 500),
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  times integer NOT NULL DEFAULT 1,
  closed_at timestamptz
);
CREATE UNIQUE INDEX device_event_one_open ON metering.device_event (device_no, kind) WHERE closed_at IS NULL;
CREATE INDEX ON metering.device_event (last_at DESC, event_id DESC);

-- Who did what to devices, their credentials and commands. The actor is the hash of a staff session, null for the
-- operator's programs and command line.
CREATE TABLE metering.staff_action (
  action_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  actor bytea,
  action text NOT NULL,
  device_no integer REFERENCES metering.device,
  subject text,
  reason text
);
CREATE INDEX ON metering.staff_action (device_no, action_id DESC);

-- Whoever changes what a device may show or send, by whatever way, is heard by every process that may hold its connection.
CREATE FUNCTION metering.device_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.changed_xid := pg_current_xact_id();
  PERFORM pg_notify('naru_device', NEW.device_id);
  RETURN NEW;
END $$;
CREATE TRIGGER device_changes BEFORE UPDATE ON metering.device FOR EACH ROW
  WHEN ((OLD.secret_hash, OLD.former_secret_hash, OLD.former_secret_until, OLD.revoked_at, OLD.formats, OLD.payload_key)
        IS DISTINCT FROM
        (NEW.secret_hash, NEW.former_secret_hash, NEW.former_secret_until, NEW.revoked_at, NEW.formats, NEW.payload_key)
        OR NEW.changed_xid <> OLD.changed_xid)
  EXECUTE FUNCTION metering.device_changes();

CREATE FUNCTION metering.device_key_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE metering.device SET changed_xid = pg_current_xact_id() WHERE device_no = COALESCE(NEW.device_no, OLD.device_no);
  RETURN NULL;
END $$;
CREATE TRIGGER device_key_changes AFTER UPDATE OR DELETE ON metering.device_pin
  FOR EACH ROW EXECUTE FUNCTION metering.device_key_changes();
CREATE TRIGGER device_key_changes AFTER UPDATE OR DELETE ON metering.device_certificate
  FOR EACH ROW EXECUTE FUNCTION metering.device_key_changes();
