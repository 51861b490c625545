-- Zones by the day: what flowed in, what was used, and what became of each expected hour of each meter. All of it is worked
-- out from readings, stored use and the registry, and can be worked out again.

-- Days of zones that are to be worked out again: appended by whatever changes them, taken away by the job, oldest day first.
-- The same day may stand here several times.
CREATE TABLE metering.zone_days_due (
  due_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  zone_id text NOT NULL REFERENCES metering.zone,
  from_day date NOT NULL,
  until_day date NOT NULL,
  CHECK (from_day <= until_day)
);
CREATE INDEX ON metering.zone_days_due (from_day);

-- A zone's local day, of itself alone: zones below it have rows of their own.
-- inflow_l: net of its own inlets, an element an hour; null where any of them can't be told. bridged_hours: bit n is set
-- where an inlet's register is known on both sides of hour n, but no reading lies in it.
-- meter_hours: hours in which meters stood at its places. Of them estimated_meter_hours have a use that was estimated, and
-- missing_meter_hours none.
CREATE TABLE metering.zone_day (
  zone_id text NOT NULL REFERENCES metering.zone,
  day date NOT NULL,
  inlets smallint NOT NULL,
  inflow_l bigint[] NOT NULL CHECK (cardinality(inflow_l) BETWEEN 22 AND 26),
  bridged_hours integer NOT NULL,
  billed_l bigint NOT NULL,
  unbilled_l bigint NOT NULL,
  meter_hours integer NOT NULL,
  estimated_meter_hours integer NOT NULL,
  missing_meter_hours integer NOT NULL,
  PRIMARY KEY (zone_id, day)
);
CREATE INDEX ON metering.zone_day (day);

-- How far the calendar was followed: days up to this one have been worked out once at least, whether anything came or not.
CREATE TABLE metering.day_closed (
  job text PRIMARY KEY CHECK (job IN ('balance', 'completeness')),
  last_day date NOT NULL
);

-- The ledger: a letter for each of the local day's hours. A arrived, L late, - none expected; missing and where it was lost:
-- M meter, R radio, B broker, D decode, C clock, V validation; the same in small where the hour was estimated.
CREATE TABLE metering.completeness_day (
  install_id integer NOT NULL REFERENCES metering.install,
  day date NOT NULL,
  hours text NOT NULL CHECK (hours ~ '^[-ALMRBDCVmrbdcv]{22,26}$'),
  PRIMARY KEY (install_id, day)
);

-- Days whose ledger is worked out for every install: how far it has come, by install.
CREATE TABLE metering.completeness_sweep (
  day date PRIMARY KEY,
  after_install_id integer NOT NULL DEFAULT 0
);

-- The ledger summed up. A zone's own meters: those of the zones below it have rows of their own.
CREATE TABLE metering.read_rate_day (
  day date NOT NULL,
  zone_id text NOT NULL REFERENCES metering.zone,
  model text NOT NULL,
  meters integer NOT NULL,
  expected integer NOT NULL,
  arrived integer NOT NULL,
  late integer NOT NULL,
  estimated integer NOT NULL,
  lost_meter integer NOT NULL,
  lost_radio integer NOT NULL,
  lost_broker integer NOT NULL,
  lost_decode integer NOT NULL,
  lost_clock integer NOT NULL,
  lost_validation integer NOT NULL,
  PRIMARY KEY (day, zone_id, model)
);

-- Whoever changes the registry, by whatever way, has the days worked out again that it bears on. A day either way, because
-- local days are not those of the session.
CREATE FUNCTION metering.place_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO metering.zone_days_due (zone_id, from_day, until_day)
  SELECT v.zone_id, greatest(min(c.from_at)::date - 1, min(first.day)), 'infinity'
    FROM (SELECT service_point_id, min(from_at) AS from_at FROM changed GROUP BY service_point_id) c
    JOIN metering.service_point_version v USING (service_point_id)
   CROSS JOIN (SELECT min(day) AS day FROM metering.zone_day) first
   WHERE first.day IS NOT NULL
   GROUP BY v.zone_id;
  RETURN NULL;
END $$;
CREATE TRIGGER place_is_added AFTER INSERT ON metering.service_point_version
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION metering.place_changes();
CREATE TRIGGER place_is_changed AFTER UPDATE ON metering.service_point_version
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION metering.place_changes();

CREATE FUNCTION metering.inlet_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO metering.zone_days_due (zone_id, from_day, until_day)
  SELECT c.zone_id, greatest(min(c.from_at)::date - 1, min(first.day)), 'infinity'
    FROM changed c CROSS JOIN (SELECT min(day) AS day FROM metering.zone_day) first
   WHERE first.day IS NOT NULL
   GROUP BY c.zone_id;
  RETURN NULL;
END $$;
CREATE TRIGGER inlet_is_added AFTER INSERT ON metering.zone_inlet
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION metering.inlet_changes();
CREATE TRIGGER inlet_is_changed AFTER UPDATE ON metering.zone_inlet
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION metering.inlet_changes();
