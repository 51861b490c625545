-- Registry: zones that nest, what flows into them, and what held of a place from when on. Nothing here is overwritten.

ALTER TABLE metering.zone
  ADD COLUMN parent_zone_id text REFERENCES metering.zone,
  ADD CHECK (parent_zone_id <> zone_id);
CREATE INDEX ON metering.zone (parent_zone_id);

-- What holds of a place from an instant on. Of two for the same instant the one recorded later holds: the earlier is what
-- was thought until then. metering.service_point has what holds at last.
CREATE TABLE metering.service_point_version (
  service_point_id text NOT NULL REFERENCES metering.service_point,
  from_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL,
  zone_id text NOT NULL REFERENCES metering.zone,
  usage_class text NOT NULL CHECK (usage_class IN ('domestic', 'general', 'bath', 'industrial')),
  -- Households that share the meter, for tariffs that split by household.
  households smallint NOT NULL CHECK (households BETWEEN 1 AND 10000),
  -- What passes here: billed, used by right without a bill (a fountain, a fire main), or into a zone.
  purpose text NOT NULL CHECK (purpose IN ('billed', 'unbilled', 'inlet')),
  PRIMARY KEY (service_point_id, from_at, recorded_at)
);
CREATE INDEX ON metering.service_point_version (zone_id);

INSERT INTO metering.service_point_version
SELECT p.service_point_id, coalesce(min(i.from_at), '2000-01-01T00:00:00Z'), now(), p.zone_id, p.usage_class, 1, 'billed'
  FROM metering.service_point p LEFT JOIN metering.install i USING (service_point_id)
 GROUP BY p.service_point_id;

-- What holds of each place at an instant.
CREATE FUNCTION metering.service_points_at(at timestamptz) RETURNS SETOF metering.service_point_version
LANGUAGE sql STABLE AS $$
  SELECT DISTINCT ON (service_point_id) * FROM metering.service_point_version
   WHERE from_at <= at ORDER BY service_point_id, from_at DESC, recorded_at DESC
$$;

-- A meter between two zones is an inlet of one (1) and an outlet of the other (-1).
CREATE TABLE metering.zone_inlet (
  zone_id text NOT NULL REFERENCES metering.zone,
  service_point_id text NOT NULL REFERENCES metering.service_point,
  from_at timestamptz NOT NULL,
  until_at timestamptz CHECK (until_at > from_at),
  direction smallint NOT NULL CHECK (direction IN (-1, 1)),
  PRIMARY KEY (zone_id, service_point_id, from_at)
);
CREATE INDEX ON metering.zone_inlet (service_point_id);

-- How far a list has been read in: begun again, it goes on after these rows.
CREATE TABLE metering.registry_import (
  list text NOT NULL CHECK (list IN ('zones', 'places', 'installs', 'inlets')),
  file_sha256 bytea NOT NULL CHECK (octet_length(file_sha256) = 32),
  rows_done integer NOT NULL CHECK (rows_done >= 0),
  rows_all integer NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (list, file_sha256)
);
