-- Use by the hour, stored a day a row, and what keeps it exact: which readings touched what, and what a check found.

-- What commits have touched and the use job has not worked off: a row a commit, written in its transaction. Hours are
-- counted from 1970. The arrays are not compressed: that would cost a commit more than the bytes do.
CREATE TABLE metering.touched (
  touched_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  meter_ids integer[] NOT NULL,
  from_hours integer[] NOT NULL,
  to_hours integer[] NOT NULL,
  CHECK (cardinality(meter_ids) = cardinality(from_hours) AND cardinality(meter_ids) = cardinality(to_hours))
);
ALTER TABLE metering.touched ALTER meter_ids SET STORAGE EXTERNAL;
ALTER TABLE metering.touched ALTER from_hours SET STORAGE EXTERNAL;
ALTER TABLE metering.touched ALTER to_hours SET STORAGE EXTERNAL;

-- A local day of a meter at a place. hours_l has an element for each of the day's 23, 24 or 25 hours, null where nothing
-- can be told. At the ends of an install it is the part that belongs to it. told_hours: bit n is set where a reading
-- that counts lies within hour n; what the others hold is interpolated.
CREATE TABLE metering.use_day (
  install_id integer NOT NULL REFERENCES metering.install,
  day date NOT NULL,
  told_hours integer NOT NULL,
  hours_l integer[] NOT NULL CHECK (cardinality(hours_l) BETWEEN 22 AND 26),
  PRIMARY KEY (install_id, day)
);

-- Stored use that was not what the readings give, found by the reconciling job and mended by it.
CREATE TABLE metering.use_discrepancy (
  discrepancy_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  install_id integer NOT NULL REFERENCES metering.install,
  day date NOT NULL,
  found_at timestamptz NOT NULL,
  stored_l bigint,
  expected_l bigint
);
CREATE INDEX ON metering.use_discrepancy (found_at DESC);

-- Readings that were stored before there was this table.
INSERT INTO metering.touched (meter_ids, from_hours, to_hours)
SELECT array_agg(meter_id), array_agg(from_hour), array_agg(to_hour)
  FROM (SELECT meter_id, floor(extract(epoch FROM min(measured_at)) / 3600)::int AS from_hour,
               ceil(extract(epoch FROM max(measured_at)) / 3600)::int AS to_hour
          FROM metering.reading GROUP BY meter_id) stored
HAVING count(*) > 0;
