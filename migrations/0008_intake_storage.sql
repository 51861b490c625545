-- Intake storage: raw uplinks in packs that compress, readings in narrower rows. What 0003 stored is carried over.
--
-- A pack holds up to 1,024 uplinks of one batch as parallel arrays: one row and one index entry instead of a thousand, and
-- values long enough for the server to compress. Uplink `first_id + n` is at place n + 1 of each array. It is read through
-- the view metering.uplink, or by id through metering.find_uplink.
--
-- A reading's columns stand widest first, so that none is padded, and its clock is an enum of four bytes.

-- A process takes 64 blocks of a thousand ids at a time.
ALTER SEQUENCE metering.uplink_id_block INCREMENT BY 64;

CREATE TYPE metering.reading_clock AS ENUM ('absolute', 'local', 'received');

-- The old tables wait in a schema of their own, so that the new ones, their partitions and indexes get the plain names.
CREATE SCHEMA metering_before;

DO $tables$
DECLARE
  hypertables boolean := (SELECT relkind = 'r' FROM pg_class WHERE oid = 'metering.reading'::regclass);
  extension_schema text := (SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'timescaledb');
  by_received text := '';
  by_measured text := '';
  part record;
BEGIN
  FOR part IN SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
               WHERE NOT hypertables AND i.inhparent IN ('metering.reading'::regclass, 'metering.uplink'::regclass) LOOP
    EXECUTE format('ALTER TABLE metering.%I SET SCHEMA metering_before', part.name);
  END LOOP;
  ALTER TABLE metering.reading SET SCHEMA metering_before;
  ALTER TABLE metering.uplink SET SCHEMA metering_before;
  IF NOT hypertables THEN
    by_received := 'PARTITION BY RANGE (received_at)';
    by_measured := 'PARTITION BY RANGE (measured_at)';
  END IF;

  -- received_at is the first uplink's. packet_ids are MQTT packet identifiers, null for QoS 0; formats that nobody knows
  -- have no decoder version.
  EXECUTE 'CREATE TABLE metering.uplink_pack (
    first_id bigint NOT NULL,
    received_at timestamptz NOT NULL,
    received_ats timestamptz[] NOT NULL,
    device_nos integer[] NOT NULL,
    packet_ids integer[] NOT NULL,
    formats text[] NOT NULL,
    decoder_versions smallint[] NOT NULL,
    payloads bytea[] NOT NULL,
    PRIMARY KEY (first_id, received_at)
  ) ' || by_received;
  BEGIN
    ALTER TABLE metering.uplink_pack ALTER COLUMN received_ats SET COMPRESSION lz4,
      ALTER COLUMN device_nos SET COMPRESSION lz4, ALTER COLUMN packet_ids SET COMPRESSION lz4,
      ALTER COLUMN formats SET COMPRESSION lz4, ALTER COLUMN decoder_versions SET COMPRESSION lz4,
      ALTER COLUMN payloads SET COMPRESSION lz4;
  EXCEPTION WHEN feature_not_supported THEN
    -- A server built without lz4 compresses with pglz: slower and as small.
    NULL;
  END;

  EXECUTE 'CREATE TABLE metering.reading (
    measured_at timestamptz NOT NULL,
    register_l bigint NOT NULL CHECK (register_l >= 0),
    received_at timestamptz NOT NULL,
    uplink_id bigint NOT NULL,
    meter_id integer NOT NULL,
    clock metering.reading_clock NOT NULL,
    flags text[],
    PRIMARY KEY (meter_id, measured_at)
  ) ' || by_measured;

  IF hypertables THEN
    EXECUTE format(
      'SELECT %1$s.create_hypertable(''metering.uplink_pack'', ''received_at'', chunk_time_interval => INTERVAL ''7 days'',
                                     create_default_indexes => false),
              %1$s.create_hypertable(''metering.reading'', ''measured_at'', chunk_time_interval => INTERVAL ''7 days'',
                                     create_default_indexes => false)', extension_schema);
  ELSE
    FOR part IN SELECT c.relname AS old_name, replace(c.relname, 'uplink_', 'uplink_pack_') AS name,
                       CASE i.inhparent WHEN 'metering_before.uplink'::regclass THEN 'uplink_pack' ELSE 'reading' END AS parent,
                       pg_get_expr(c.relpartbound, c.oid) AS bound
                  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                 WHERE i.inhparent IN ('metering_before.reading'::regclass, 'metering_before.uplink'::regclass) LOOP
      EXECUTE format('CREATE TABLE metering.%I (LIKE metering.%I INCLUDING ALL)', part.name, part.parent);
      EXECUTE format('ALTER TABLE metering.%I ATTACH PARTITION metering.%I %s', part.parent, part.name, part.bound);
    END LOOP;
  END IF;
END
$tables$;

INSERT INTO metering.reading (measured_at, register_l, received_at, uplink_id, meter_id, clock, flags)
SELECT measured_at, register_l, received_at, uplink_id, meter_id, clock::metering.reading_clock, flags
  FROM metering_before.reading ORDER BY meter_id, measured_at;

-- Ids that follow each other become a pack, but none that spans two days or two blocks.
INSERT INTO metering.uplink_pack
  (first_id, received_at, received_ats, device_nos, packet_ids, formats, decoder_versions, payloads)
SELECT min(uplink_id), min(received_at), array_agg(received_at ORDER BY uplink_id),
       array_agg(device_no ORDER BY uplink_id), array_agg(packet_id ORDER BY uplink_id),
       array_agg(format ORDER BY uplink_id), array_agg(decoder_version ORDER BY uplink_id),
       array_agg(payload ORDER BY uplink_id)
  FROM (SELECT *, sum(begins) OVER (ORDER BY uplink_id) AS pack
          FROM (SELECT *, CASE WHEN uplink_id = lag(uplink_id) OVER ids + 1 AND uplink_id % 1000 <> 0
                                AND received_at::date = (lag(received_at) OVER ids)::date THEN 0 ELSE 1 END AS begins
                  FROM metering_before.uplink WINDOW ids AS (ORDER BY uplink_id)) marked) grouped
 GROUP BY pack;

DROP SCHEMA metering_before CASCADE;

-- Each uplink as a row, for people and for questions about all of them. One uplink by its id: metering.find_uplink.
CREATE VIEW metering.uplink AS
SELECT p.first_id + u.place - 1 AS uplink_id, u.received_at, u.device_no, u.packet_id, u.format, u.decoder_version, u.payload
  FROM metering.uplink_pack p,
       unnest(p.received_ats, p.device_nos, p.packet_ids, p.formats, p.decoder_versions, p.payloads)
         WITH ORDINALITY AS u (received_at, device_no, packet_id, format, decoder_version, payload, place);

-- The pack that begins last at or before an id holds it, or none does: the ids of a pack follow each other.
CREATE FUNCTION metering.find_uplink(wanted bigint)
RETURNS TABLE (received_at timestamptz, device_no integer, packet_id integer, format text, payload bytea)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT p.received_ats[place], p.device_nos[place], p.packet_ids[place], p.formats[place], p.payloads[place]
    FROM (SELECT p.*, (wanted - p.first_id + 1)::integer AS place FROM metering.uplink_pack p
           WHERE p.first_id <= wanted AND p.first_id > wanted - 1024 ORDER BY p.first_id DESC LIMIT 1) p
   WHERE place <= cardinality(p.device_nos)
$$;

-- A redelivery of what could not be read is looked up by its device.
CREATE INDEX quarantine_by_device ON metering.quarantine (device_no, received_at);
