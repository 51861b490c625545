-- Reading packs: what a meter told on a day of UTC that is over, as one row of parallel arrays instead of a row a reading.
--
-- Exactly one of the two tables holds an instant of a meter. Late readings go into metering.reading as any others and are
-- put into their day's pack later; whoever reads sees both, through the functions and views at the end of this file.
-- Without a key and an index entry a reading, and with what a telegram's readings share written once, a reading takes a
-- sixth of what a row takes.

DO $tables$
DECLARE
  hypertables boolean := (SELECT relkind = 'r' FROM pg_class WHERE oid = 'metering.reading'::regclass);
  extension_schema text := (SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'timescaledb');
BEGIN
  -- The readings of a pack stand in the order of their instants. measured_ms: milliseconds from the day's midnight, and
  -- measured_us the thousandths of them, null where all are 0. register_steps: litres above register_l, the first
  -- reading's. received_ats and uplink_ids have an element a telegram, a telegram being readings in a row that came in one
  -- uplink; first_places tells which reading is the first of each, null where each telegram has one. clocks: null where all
  -- are as clock. flags: each reading's array as text, null where it has none.
  EXECUTE 'CREATE TABLE metering.reading_pack (
    register_l bigint NOT NULL,
    meter_id integer NOT NULL,
    day date NOT NULL,
    clock metering.reading_clock NOT NULL,
    measured_ms integer[] NOT NULL CHECK (cardinality(measured_ms) BETWEEN 1 AND 4096),
    register_steps integer[] NOT NULL CHECK (cardinality(register_steps) = cardinality(measured_ms)),
    received_ats timestamptz[] NOT NULL,
    uplink_ids bigint[] NOT NULL CHECK (cardinality(uplink_ids) = cardinality(received_ats)),
    first_places integer[] CHECK (cardinality(first_places) = cardinality(received_ats)),
    measured_us smallint[] CHECK (cardinality(measured_us) = cardinality(measured_ms)),
    clocks metering.reading_clock[] CHECK (cardinality(clocks) = cardinality(measured_ms)),
    flags text[] CHECK (cardinality(flags) = cardinality(measured_ms)),
    CHECK (first_places IS NOT NULL OR cardinality(received_ats) = cardinality(measured_ms)),
    PRIMARY KEY (meter_id, day)
  ) ' || CASE WHEN hypertables THEN '' ELSE 'PARTITION BY RANGE (day)' END;
  BEGIN
    -- Only packs of a few hundred readings are long enough to be compressed at all.
    ALTER TABLE metering.reading_pack ALTER COLUMN measured_ms SET COMPRESSION lz4,
      ALTER COLUMN register_steps SET COMPRESSION lz4, ALTER COLUMN received_ats SET COMPRESSION lz4,
      ALTER COLUMN uplink_ids SET COMPRESSION lz4, ALTER COLUMN first_places SET COMPRESSION lz4,
      ALTER COLUMN measured_us SET COMPRESSION lz4, ALTER COLUMN clocks SET COMPRESSION lz4,
      ALTER COLUMN flags SET COMPRESSION lz4;
  EXCEPTION WHEN feature_not_supported THEN
    NULL;
  END;
  IF hypertables THEN
    EXECUTE format(
      'SELECT %1$s.create_hypertable(''metering.reading_pack'', ''day'', chunk_time_interval => INTERVAL ''28 days'',
                                     create_default_indexes => false)', extension_schema);
  END IF;
END
$tables$;

-- How far packing is: the day it is at, and the last meter of it that is done. No row before there is anything to pack.
CREATE TABLE metering.packing_progress (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  day date NOT NULL,
  after_meter_id integer NOT NULL
);

-- Days of which readings came so late that packing may have passed by.
CREATE TABLE metering.late_day (
  meter_id integer NOT NULL,
  day date NOT NULL,
  PRIMARY KEY (meter_id, day)
);

-- Each reading of the packs as a row.
CREATE VIEW metering.packed_reading AS
SELECT p.meter_id,
       p.day,
       p.day::timestamp AT TIME ZONE 'UTC' + r.ms * interval '1 millisecond'
         + coalesce(r.us, 0) * interval '1 microsecond' AS measured_at,
       p.register_l + r.step AS register_l,
       p.received_ats[coalesce(width_bucket(r.place::integer, p.first_places), r.place::integer)] AS received_at,
       p.uplink_ids[coalesce(width_bucket(r.place::integer, p.first_places), r.place::integer)] AS uplink_id,
       coalesce(r.clock, p.clock) AS clock,
       r.flags::text[] AS flags,
       p.flags IS NOT NULL AS is_pack_flagged
  FROM metering.reading_pack p,
       unnest(p.measured_ms, p.measured_us, p.register_steps, p.clocks, p.flags)
         WITH ORDINALITY AS r (ms, us, step, clock, flags, place);

-- All readings, for people and for questions about all of them. Those of a meter and a span: metering.readings.
CREATE VIEW metering.every_reading AS
SELECT measured_at, register_l, received_at, uplink_id, meter_id, clock, flags FROM metering.reading
UNION ALL
SELECT measured_at, register_l, received_at, uplink_id, meter_id, clock, flags FROM metering.packed_reading;

-- The functions below are each one SELECT that the planner puts in place of the call, so that keys and partitions are
-- found as if the tables stood in the question themselves.

CREATE FUNCTION metering.packed_readings(of_meter integer, from_at timestamptz, to_at timestamptz)
RETURNS TABLE (measured_at timestamptz, register_l bigint, received_at timestamptz, uplink_id bigint,
               clock metering.reading_clock, flags text[], is_pack_flagged boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 24 AS $$
  SELECT p.measured_at, p.register_l, p.received_at, p.uplink_id, p.clock, p.flags, p.is_pack_flagged
    FROM metering.packed_reading p
   WHERE p.meter_id = of_meter
     AND p.day BETWEEN (from_at AT TIME ZONE 'UTC')::date AND (to_at AT TIME ZONE 'UTC')::date
     AND p.measured_at BETWEEN from_at AND to_at
$$;

-- What a meter told within a span, both ends included.
CREATE FUNCTION metering.readings(of_meter integer, from_at timestamptz, to_at timestamptz)
RETURNS TABLE (measured_at timestamptz, register_l bigint, received_at timestamptz, uplink_id bigint,
               clock metering.reading_clock, flags text[])
LANGUAGE sql STABLE PARALLEL SAFE ROWS 24 AS $$
  SELECT r.measured_at, r.register_l, r.received_at, r.uplink_id, r.clock, r.flags FROM metering.reading r
   WHERE r.meter_id = of_meter AND r.measured_at BETWEEN from_at AND to_at
  UNION ALL
  SELECT p.measured_at, p.register_l, p.received_at, p.uplink_id, p.clock, p.flags
    FROM metering.packed_readings(of_meter, from_at, to_at) p
$$;

-- The last readings of a meter before an instant, the latest first. No pack of a day before the earliest of as many rows
-- can hold one of them; where rows are too few, packs are taken from the latest on, and no more than hold as many.
CREATE FUNCTION metering.readings_before(of_meter integer, before_at timestamptz, most integer)
RETURNS TABLE (measured_at timestamptz, register_l bigint, received_at timestamptz, uplink_id bigint,
               clock metering.reading_clock, flags text[])
LANGUAGE sql STABLE PARALLEL SAFE ROWS 2 AS $$
  WITH lone AS MATERIALIZED (
    SELECT r.measured_at, r.register_l, r.received_at, r.uplink_id, r.clock, r.flags FROM metering.reading r
     WHERE r.meter_id = of_meter AND r.measured_at < before_at ORDER BY r.measured_at DESC LIMIT most)
  SELECT told.* FROM (
    SELECT lone.measured_at, lone.register_l, lone.received_at, lone.uplink_id, lone.clock, lone.flags FROM lone
    UNION ALL
    (SELECT s.measured_at, s.register_l, s.received_at, s.uplink_id, s.clock, s.flags
       FROM metering.reading_pack k
      CROSS JOIN LATERAL (
        SELECT p.* FROM metering.packed_reading p
         WHERE p.meter_id = k.meter_id AND p.day = k.day AND p.measured_at < before_at
           AND p.day <= (before_at AT TIME ZONE 'UTC')::date) s
      WHERE k.meter_id = of_meter AND k.day <= (before_at AT TIME ZONE 'UTC')::date
        AND k.day >= (SELECT CASE WHEN count(*) >= most THEN (min(lone.measured_at) AT TIME ZONE 'UTC')::date ELSE '-infinity' END
                         FROM lone)
      ORDER BY k.day DESC, s.measured_at DESC LIMIT most)) told
   ORDER BY 1 DESC LIMIT most
$$;

-- The first readings of a meter after an instant, the earliest first.
CREATE FUNCTION metering.readings_after(of_meter integer, after_at timestamptz, most integer)
RETURNS TABLE (measured_at timestamptz, register_l bigint, received_at timestamptz, uplink_id bigint,
               clock metering.reading_clock, flags text[])
LANGUAGE sql STABLE PARALLEL SAFE ROWS 2 AS $$
  WITH lone AS MATERIALIZED (
    SELECT r.measured_at, r.register_l, r.received_at, r.uplink_id, r.clock, r.flags FROM metering.reading r
     WHERE r.meter_id = of_meter AND r.measured_at > after_at ORDER BY r.measured_at LIMIT most)
  SELECT told.* FROM (
    SELECT lone.measured_at, lone.register_l, lone.received_at, lone.uplink_id, lone.clock, lone.flags FROM lone
    UNION ALL
    (SELECT s.measured_at, s.register_l, s.received_at, s.uplink_id, s.clock, s.flags
       FROM metering.reading_pack k
      CROSS JOIN LATERAL (
        SELECT p.* FROM metering.packed_reading p
         WHERE p.meter_id = k.meter_id AND p.day = k.day AND p.measured_at > after_at
           AND p.day >= (after_at AT TIME ZONE 'UTC')::date) s
      WHERE k.meter_id = of_meter AND k.day >= (after_at AT TIME ZONE 'UTC')::date
        AND k.day <= (SELECT CASE WHEN count(*) >= most THEN (max(lone.measured_at) AT TIME ZONE 'UTC')::date ELSE 'infinity' END
                         FROM lone)
      ORDER BY k.day, s.measured_at LIMIT most)) told
   ORDER BY 1 LIMIT most
$$;
