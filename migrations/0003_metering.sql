-- Metering: service points, meters, devices, uplinks and readings.
CREATE SCHEMA metering;

CREATE TABLE metering.zone (
  zone_id text PRIMARY KEY CHECK (length(zone_id) BETWEEN 1 AND 64),
  name text NOT NULL
);

CREATE TABLE metering.service_point (
  service_point_id text PRIMARY KEY CHECK (length(service_point_id) BETWEEN 1 AND 64),
  zone_id text NOT NULL REFERENCES metering.zone,
  usage_class text NOT NULL CHECK (usage_class IN ('domestic', 'general', 'bath', 'industrial'))
);

-- A serial is unique within a model only: makers number on their own. `dials` counts the digits of whole cubic metres.
CREATE TABLE metering.meter (
  meter_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  serial text NOT NULL CHECK (length(serial) BETWEEN 1 AND 64),
  model text NOT NULL,
  bore_mm smallint NOT NULL CHECK (bore_mm > 0),
  dials smallint NOT NULL CHECK (dials BETWEEN 1 AND 12),
  UNIQUE (serial, model)
);

CREATE TABLE metering.device (
  device_no integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  device_id text NOT NULL UNIQUE CHECK (device_id ~ '^[A-Za-z0-9_.:-]{1,64}$'),
  secret_hash bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
  formats text[] NOT NULL CHECK (cardinality(formats) BETWEEN 1 AND 16),
  payload_key bytea CHECK (octet_length(payload_key) = 16),
  revoked_at timestamptz
);

-- Which meter stood at which service point, from when to when, with the registers it began and ended with there.
CREATE TABLE metering.install (
  install_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  service_point_id text NOT NULL REFERENCES metering.service_point,
  meter_id integer NOT NULL REFERENCES metering.meter,
  from_at timestamptz NOT NULL,
  until_at timestamptz CHECK (until_at > from_at),
  opening_register_l bigint,
  closing_register_l bigint
);
CREATE INDEX ON metering.install (service_point_id, from_at);
CREATE INDEX ON metering.install (meter_id, from_at);
CREATE UNIQUE INDEX install_one_place_a_meter ON metering.install (meter_id) WHERE until_at IS NULL;
CREATE UNIQUE INDEX install_one_meter_a_place ON metering.install (service_point_id) WHERE until_at IS NULL;

-- Which radio reported which meter.
CREATE TABLE metering.radio_install (
  device_no integer NOT NULL REFERENCES metering.device,
  meter_id integer NOT NULL REFERENCES metering.meter,
  from_at timestamptz NOT NULL,
  until_at timestamptz CHECK (until_at > from_at),
  PRIMARY KEY (device_no, from_at)
);
CREATE UNIQUE INDEX radio_install_one_meter_a_radio ON metering.radio_install (device_no) WHERE until_at IS NULL;
CREATE INDEX ON metering.radio_install (meter_id, from_at);

-- Ids of uplinks are handed out in blocks of a thousand, so that a batch knows its ids before it is sent and a batch
-- whose commit had no answer can be sent again without storing anything twice.
CREATE SEQUENCE metering.uplink_id_block;

-- The two tables that grow with time. With TimescaleDB loaded in the server they are hypertables; else native range
-- partitions, one a month, which the service makes ahead and whenever a batch needs an older one. There is no default
-- partition: readings with an impossible time are kept in misdated_reading, so every month that is needed is known.
-- No foreign keys here: they would cost an index probe a row, and the ids come from rows that are never deleted.
DO $tables$
DECLARE
  hypertables boolean := false;
  -- Whoever made the extension beforehand may have put it into a schema off the search path.
  extension_schema text;
  by_received text := '';
  by_measured text := '';
BEGIN
  -- Asking for the extension in a server that has not loaded its library ends the session. Whether it has is seen by a
  -- setting that the library brings: shared_preload_libraries itself is hidden from the owner of an ordinary database.
  IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')
     AND EXISTS (SELECT FROM pg_settings WHERE name = 'timescaledb.max_background_workers') THEN
    BEGIN
      CREATE EXTENSION IF NOT EXISTS timescaledb;
      SELECT extnamespace::regnamespace::text INTO extension_schema FROM pg_extension WHERE extname = 'timescaledb';
      hypertables := true;
    EXCEPTION WHEN insufficient_privilege THEN
      RAISE WARNING 'timescaledb is loaded, but this role may not create it here: readings go into native partitions';
    END;
  END IF;
  IF NOT hypertables THEN
    by_received := 'PARTITION BY RANGE (received_at)';
    by_measured := 'PARTITION BY RANGE (measured_at)';
  END IF;

  -- The payload as it came. packet_id is the MQTT packet identifier, null for QoS 0.
  EXECUTE 'CREATE TABLE metering.uplink (
    uplink_id bigint NOT NULL,
    received_at timestamptz NOT NULL,
    device_no integer NOT NULL,
    packet_id integer,
    format text NOT NULL,
    decoder_version smallint,
    payload bytea NOT NULL,
    PRIMARY KEY (uplink_id, received_at)
  ) ' || by_received;
  -- A redelivery is looked up by its device.
  EXECUTE 'CREATE INDEX uplink_by_device ON metering.uplink (device_no, received_at)';

  EXECUTE 'CREATE TABLE metering.reading (
    meter_id integer NOT NULL,
    measured_at timestamptz NOT NULL,
    register_l bigint NOT NULL CHECK (register_l >= 0),
    received_at timestamptz NOT NULL,
    uplink_id bigint NOT NULL,
    clock text NOT NULL CHECK (clock IN (''absolute'', ''local'', ''received'')),
    flags text[],
    PRIMARY KEY (meter_id, measured_at)
  ) ' || by_measured;

  IF hypertables THEN
    -- The form with names of columns: every TimescaleDB 2 has it, by_range only those from 2.13. Its default index by time
    -- alone is left out: every query names a meter or a device, and it would cost a write a row.
    EXECUTE format(
      'SELECT %1$s.create_hypertable(''metering.uplink'', ''received_at'', chunk_time_interval => INTERVAL ''7 days'',
                                     create_default_indexes => false),
              %1$s.create_hypertable(''metering.reading'', ''measured_at'', chunk_time_interval => INTERVAL ''7 days'',
                                     create_default_indexes => false)', extension_schema);
  END IF;
END
$tables$;

-- Another value at an instant that already had one: the first stands, this is kept beside it.
CREATE TABLE metering.reading_conflict (
  meter_id integer NOT NULL,
  measured_at timestamptz NOT NULL,
  register_l bigint NOT NULL,
  received_at timestamptz NOT NULL,
  uplink_id bigint NOT NULL,
  PRIMARY KEY (meter_id, measured_at, register_l)
);

-- Readings whose clock can't be right (before 2015, or ahead of the receipt): kept, and out of every sum.
CREATE TABLE metering.misdated_reading (
  meter_id integer NOT NULL,
  measured_at timestamptz NOT NULL,
  register_l bigint NOT NULL CHECK (register_l >= 0),
  received_at timestamptz NOT NULL,
  uplink_id bigint NOT NULL,
  flags text[],
  PRIMARY KEY (meter_id, measured_at, register_l)
);
CREATE INDEX ON metering.misdated_reading (meter_id, received_at);

-- Uplinks that could not become readings, with the reason; the payload stays in uplink.
CREATE TABLE metering.quarantine (
  uplink_id bigint PRIMARY KEY,
  received_at timestamptz NOT NULL,
  device_no integer NOT NULL,
  code text NOT NULL,
  detail text NOT NULL
);
CREATE INDEX ON metering.quarantine (received_at DESC, uplink_id DESC);
