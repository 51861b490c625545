-- What a place has otherwise than its tariff says by itself: parts of the bill that it does not pay, a class of its own for a
-- part, and numbers that a tariff goes by, such as its persons. From a day of use on; nothing here is overwritten.

-- Each of its own: of one kind and name the newest entry for the last day up to a day holds on it. An entry for a day that
-- has one already corrects it; what was thought until then stays.
CREATE TABLE metering.place_exception (
  exception_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  service_point_id text NOT NULL REFERENCES metering.service_point,
  kind text NOT NULL CHECK (kind IN ('without', 'class_of', 'count')),
  -- Of a component of the tariff, or of one of its counts. Tariffs change: which there are is asked when a bill is made.
  name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9_-]{0,63}$'),
  from_day date NOT NULL,
  -- yes, a class, a number; null: from that day on as the tariff says by itself.
  value text CHECK (length(value) BETWEEN 1 AND 64),
  recorded_at timestamptz NOT NULL,
  -- The hash of a staff session; null: from the command line.
  recorded_by bytea,
  reason text CHECK (length(reason) BETWEEN 1 AND 500),
  CHECK (CASE kind WHEN 'without' THEN value = 'yes'
                   WHEN 'class_of' THEN value ~ '^[a-z][a-z0-9_-]{0,63}$'
                   ELSE value ~ '^[0-9]{1,9}(\.[0-9]{1,3})?$' END)
);
CREATE INDEX ON metering.place_exception (service_point_id, kind, name, from_day, exception_id);

CREATE FUNCTION metering.refuse_exception_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'an exception of a place never changes: enter another for the same day';
END
$$;
CREATE TRIGGER exception_never_changes BEFORE UPDATE OR DELETE ON metering.place_exception
  FOR EACH ROW EXECUTE FUNCTION metering.refuse_exception_change();

-- Places whose bills from a day on have yet to be looked at. Who has looked takes the row away.
CREATE TABLE metering.place_exception_entered (
  entered_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  service_point_id text NOT NULL,
  from_day date NOT NULL
);

ALTER TABLE metering.registry_import
  DROP CONSTRAINT registry_import_list_check,
  ADD CHECK (list IN ('zones', 'places', 'installs', 'inlets', 'exceptions'));

ALTER TABLE metering.bill_held
  DROP CONSTRAINT bill_held_reason_check,
  ADD CHECK (reason IN ('no_meter', 'no_reading', 'register_broken', 'overlaps_bill', 'no_price', 'unknown_exception'));

-- A correction may be of the use, of the exceptions, or of both. exceptions_after: those it charged by, in the form that a
-- bill's terms have them in; null: as before.
ALTER TABLE metering.bill_correction
  DROP CONSTRAINT bill_correction_check,
  ADD COLUMN exceptions_after jsonb,
  ADD CHECK (version_after > version_before OR (version_after = version_before AND exceptions_after IS NOT NULL));
