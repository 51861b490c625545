-- What follows from use (bills, alarms, completeness, proofs) goes on from the days whose use changed: the queue of them,
-- and how far each follower is in it.

-- Days that one statement of the use job wrote or removed, in parallel arrays: a row a thousand days, not a row a day. The
-- use job alone writes here, and one of its transactions at a time: what has the higher id was committed later.
CREATE TABLE metering.use_day_changed (
  changed_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  install_ids integer[] NOT NULL,
  days date[] NOT NULL,
  CHECK (cardinality(install_ids) = cardinality(days) AND cardinality(days) BETWEEN 1 AND 1000)
);

-- walked_install_id and walked_day: how far a follower that wants what was stored before it came is in metering.use_day;
-- null where it is through, or wants none of it.
CREATE TABLE metering.use_follower (
  name text PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 64),
  last_id bigint NOT NULL,
  walked_install_id integer,
  walked_day date,
  CHECK ((walked_install_id IS NULL) = (walked_day IS NULL))
);
