-- Validation, estimation, editing: what looks wrong with readings and use, and what was decided about it. What people and
-- rules decide is only ever added to; what holds is the newest.

CREATE FUNCTION metering.refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is only added to: put a newer row', TG_TABLE_NAME;
END $$;

-- What holds instead of what a meter told at an instant; of several for one instant the newest. `restore` is the undoing
-- of what was there before. Exactly one answers for it: a person (the hash of a staff session), a rule, or, with both
-- null, a program of the operator.
CREATE TABLE metering.reading_edit (
  edit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  meter_id integer NOT NULL REFERENCES metering.meter,
  measured_at timestamptz NOT NULL,
  deed text NOT NULL CHECK (deed IN ('void', 'replace', 'add', 'restore')),
  register_l bigint CHECK (register_l >= 0),
  edited_at timestamptz NOT NULL,
  actor bytea,
  rule text CHECK (length(rule) BETWEEN 1 AND 64),
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  CHECK ((register_l IS NOT NULL) = (deed IN ('replace', 'add'))),
  CHECK (actor IS NULL OR rule IS NULL)
);
CREATE INDEX ON metering.reading_edit (meter_id, measured_at, edit_id DESC);
CREATE TRIGGER reading_edit_stays BEFORE UPDATE OR DELETE ON metering.reading_edit
  FOR EACH ROW EXECUTE FUNCTION metering.refuse_rewriting();

-- What is taken to have passed in hours of which nothing measured tells: an element for each hour of the local day as in
-- metering.use_day, null where nothing is estimated. Where an hour is measured, what was measured holds.
CREATE TABLE metering.use_estimate (
  install_id integer NOT NULL REFERENCES metering.install,
  day date NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  hours_l integer[] NOT NULL CHECK (cardinality(hours_l) BETWEEN 22 AND 26),
  method text NOT NULL CHECK (method IN ('own_profile', 'class_profile', 'withdrawn')),
  method_version smallint NOT NULL,
  evidence jsonb NOT NULL,
  made_at timestamptz NOT NULL,
  actor bytea,
  rule text CHECK (length(rule) BETWEEN 1 AND 64),
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  PRIMARY KEY (install_id, day, version),
  CHECK (actor IS NULL OR rule IS NULL)
);
CREATE TRIGGER use_estimate_stays BEFORE UPDATE OR DELETE ON metering.use_estimate
  FOR EACH ROW EXECUTE FUNCTION metering.refuse_rewriting();

CREATE VIEW metering.use_estimate_in_force AS
SELECT DISTINCT ON (install_id, day) * FROM metering.use_estimate ORDER BY install_id, day, version DESC;

-- How far days have been taken up for judging: all up to this local day are, once they are over and their grace has passed.
CREATE TABLE metering.validation_progress (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  judged_until date NOT NULL
);

-- Days to be judged: all of them when they are over, and again whatever was worked over afterwards, be it that its use
-- stayed the same. The use job writes here in its own transaction; the validation job takes away what it has judged.
CREATE TABLE metering.validation_due (
  due_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  install_ids integer[] NOT NULL,
  from_days date[] NOT NULL,
  to_days date[] NOT NULL,
  -- Their use stayed the same: nothing beyond them is swayed.
  is_use_same boolean NOT NULL DEFAULT false,
  CHECK (cardinality(install_ids) = cardinality(from_days) AND cardinality(install_ids) = cardinality(to_days))
);

-- The rules as they judged last. Where a rule or its limits are new, days that are stored are judged again, install after
-- install: after_install is how far that is; null once it is done.
CREATE TABLE metering.validation_rule (
  rule text PRIMARY KEY CHECK (length(rule) BETWEEN 1 AND 64),
  version text NOT NULL,
  after_install integer,
  changed_at timestamptz NOT NULL
);

-- What a place of a class in a zone used on a day, half of them more and half less: rounded, so that it is the same
-- unless something of weight came.
CREATE TABLE metering.peer_use (
  zone_id text NOT NULL REFERENCES metering.zone,
  usage_class text NOT NULL,
  day date NOT NULL,
  places integer NOT NULL,
  median_l integer NOT NULL,
  PRIMARY KEY (zone_id, usage_class, day)
);

-- What a rule says of a local day of a meter at a place. `closed`: the rule says so no more; `accepted`: a person looked,
-- and it is right as it is.
CREATE TABLE metering.finding (
  finding_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  install_id integer NOT NULL REFERENCES metering.install,
  rule text NOT NULL CHECK (length(rule) BETWEEN 1 AND 64),
  day date NOT NULL,
  rule_version text NOT NULL,
  severity smallint NOT NULL CHECK (severity BETWEEN 1 AND 3),
  from_at timestamptz NOT NULL,
  to_at timestamptz NOT NULL,
  evidence jsonb NOT NULL,
  state text NOT NULL CHECK (state IN ('open', 'accepted', 'closed')),
  opened_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  UNIQUE (install_id, rule, day)
);
CREATE INDEX finding_open ON metering.finding (install_id, rule, day) WHERE state = 'open';

-- What became of each finding, oldest first.
CREATE TABLE metering.finding_event (
  event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  finding_id bigint NOT NULL REFERENCES metering.finding,
  at timestamptz NOT NULL,
  what text NOT NULL CHECK (what IN ('opened', 'changed', 'closed', 'reopened', 'accepted')),
  rule_version text,
  evidence jsonb,
  actor bytea,
  reason text CHECK (length(reason) BETWEEN 1 AND 500)
);
CREATE INDEX ON metering.finding_event (finding_id, event_id);
CREATE TRIGGER finding_event_stays BEFORE UPDATE OR DELETE ON metering.finding_event
  FOR EACH ROW EXECUTE FUNCTION metering.refuse_rewriting();
