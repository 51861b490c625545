-- From use to bills: what is known of a period's use, the runs that bill it, bills that never change, and what later knowledge
-- of a billed period still owes to the next one.

-- What a utility charges by, as it was read: a bill can be worked out again for as long as it is kept.
CREATE TABLE metering.tariff_text (
  sha256 bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
  tariff_id text NOT NULL,
  content text NOT NULL,
  recorded_at timestamptz NOT NULL
);

-- The use of a place over local days. A late reading, an edit or an estimate makes a new version. A period with gaps has none.
-- parts: an element for each meter that stood there, {install_id, meter_id, from, days_l, estimated}: litres a day from its
-- first day on, and of which days how many litres are estimated.
CREATE TABLE metering.volume_version (
  service_point_id text NOT NULL REFERENCES metering.service_point,
  use_from date NOT NULL,
  use_until date NOT NULL CHECK (use_until > use_from),
  version integer NOT NULL CHECK (version >= 1),
  volume_l bigint NOT NULL CHECK (volume_l >= 0),
  estimated_l bigint NOT NULL CHECK (estimated_l BETWEEN 0 AND volume_l),
  parts jsonb NOT NULL,
  computed_at timestamptz NOT NULL,
  PRIMARY KEY (service_point_id, use_from, use_until, version)
);

-- A run goes through the places by name; where it is, and what came of them so far, is written with each part of it.
-- after_touched_id: it begins when the use job has worked off all marks up to there, which were set before it was started.
CREATE TABLE metering.bill_run (
  run_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tariff_sha256 bytea NOT NULL REFERENCES metering.tariff_text,
  use_from date NOT NULL,
  use_until date NOT NULL CHECK (use_until > use_from),
  billed_on date NOT NULL,
  due_on date NOT NULL CHECK (due_on >= billed_on),
  months smallint NOT NULL CHECK (months BETWEEN 1 AND 24),
  -- With the zones that lie in it; null: everywhere.
  zone_id text REFERENCES metering.zone,
  state text NOT NULL CHECK (state IN ('waiting', 'running', 'done')),
  after_touched_id bigint NOT NULL,
  after_service_point_id text NOT NULL DEFAULT '',
  places integer NOT NULL CHECK (places >= 0),
  billed integer NOT NULL DEFAULT 0,
  billed_before integer NOT NULL DEFAULT 0,
  held integer NOT NULL DEFAULT 0,
  started_at timestamptz NOT NULL,
  -- The hash of a staff session; null: from the command line.
  started_by bytea,
  finished_at timestamptz,
  CHECK ((state = 'done') = (finished_at IS NOT NULL))
);
CREATE INDEX ON metering.bill_run (run_id) WHERE state <> 'done';

-- document is canonical JSON, byte for byte what document_sha256 is of: json keeps it as it was written, jsonb would not.
-- Source: RFC 8785
CREATE TABLE metering.bill (
  bill_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  service_point_id text NOT NULL,
  run_id integer NOT NULL REFERENCES metering.bill_run,
  number text NOT NULL UNIQUE,
  use_from date NOT NULL,
  use_until date NOT NULL,
  billed_on date NOT NULL,
  due_on date NOT NULL,
  tariff text NOT NULL,
  version integer NOT NULL,
  payable_won bigint NOT NULL CHECK (payable_won >= 0),
  credit_left_won bigint NOT NULL CHECK (credit_left_won >= 0),
  document json NOT NULL,
  document_sha256 bytea NOT NULL CHECK (octet_length(document_sha256) = 32),
  created_at timestamptz NOT NULL,
  UNIQUE (service_point_id, use_from, use_until),
  FOREIGN KEY (service_point_id, use_from, use_until, version) REFERENCES metering.volume_version
);
CREATE INDEX ON metering.bill (run_id, bill_id);
CREATE INDEX ON metering.bill (service_point_id, bill_id);

CREATE FUNCTION metering.refuse_bill_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a bill never changes: the next one corrects it';
END
$$;
CREATE TRIGGER bill_never_changes BEFORE UPDATE OR DELETE ON metering.bill
  FOR EACH ROW EXECUTE FUNCTION metering.refuse_bill_change();

-- Which bill charged the difference between two versions of an earlier bill's use. What an earlier bill was charged by at
-- last is the newest version_after, or the bill's own version.
CREATE TABLE metering.bill_correction (
  bill_id bigint NOT NULL REFERENCES metering.bill,
  corrected_bill_id bigint NOT NULL REFERENCES metering.bill,
  version_before integer NOT NULL,
  version_after integer NOT NULL CHECK (version_after > version_before),
  amount_won bigint NOT NULL,
  PRIMARY KEY (bill_id, corrected_bill_id)
);
CREATE INDEX ON metering.bill_correction (corrected_bill_id, version_after);

-- Bills of whose period another use is known by now than was charged; the place's next bill takes them away.
CREATE TABLE metering.correction_due (
  corrected_bill_id bigint PRIMARY KEY REFERENCES metering.bill,
  service_point_id text NOT NULL REFERENCES metering.service_point,
  since timestamptz NOT NULL
);
CREATE INDEX ON metering.correction_due (service_point_id);

-- Places that a run could not bill, and why. A later run of the same days bills them where the reason is gone.
CREATE TABLE metering.bill_held (
  run_id integer NOT NULL REFERENCES metering.bill_run,
  service_point_id text NOT NULL REFERENCES metering.service_point,
  reason text NOT NULL CHECK (reason IN ('no_meter', 'no_reading', 'register_broken', 'overlaps_bill', 'no_price')),
  detail text NOT NULL,
  PRIMARY KEY (run_id, service_point_id)
);

-- What was proven for a place, from its first day to the first that it no longer counts. Metering knows no more of it: not
-- who proved it, nor with what.
CREATE TABLE metering.proven_predicate (
  service_point_id text NOT NULL REFERENCES metering.service_point,
  name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9_-]{0,63}$'),
  from_day date NOT NULL,
  until_day date CHECK (until_day > from_day),
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (service_point_id, name, from_day)
);
