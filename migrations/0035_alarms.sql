-- Alarms: what was judged of each meter at a place, what staff did about it, and whom it was told.

-- What an alarm is now. Its history is in alarm_event: nothing of it is lost when a late reading changes the verdict.
CREATE TABLE metering.alarm (
  alarm_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL CHECK (kind ~ '^[a-z_]{1,32}$'),
  -- Null: it is an alarm of the whole zone.
  install_id integer REFERENCES metering.install,
  service_point_id text REFERENCES metering.service_point,
  zone_id text NOT NULL REFERENCES metering.zone,
  began_at timestamptz NOT NULL,
  -- When the cause was seen to be gone.
  ended_at timestamptz CHECK (ended_at >= began_at),
  -- 1: for the next visit, 2: to be looked at, 3: at once.
  grade smallint NOT NULL CHECK (grade BETWEEN 1 AND 3),
  times integer NOT NULL CHECK (times > 0),
  amount bigint,
  -- Withdrawn: what became known later shows that there never was a cause.
  state text NOT NULL CHECK (state IN ('open', 'acknowledged', 'closed', 'withdrawn')),
  assigned_to text CHECK (length(assigned_to) <= 64),
  -- The zone's alarm that stands for this one.
  parent_alarm_id bigint REFERENCES metering.alarm,
  opened_at timestamptz NOT NULL,
  CHECK ((install_id IS NULL) = (service_point_id IS NULL))
);
CREATE INDEX alarm_of_install ON metering.alarm (install_id) WHERE state <> 'withdrawn';
CREATE INDEX alarm_of_zone ON metering.alarm (zone_id, kind, began_at) WHERE state <> 'withdrawn';
CREATE INDEX alarm_of_place ON metering.alarm (service_point_id, alarm_id DESC);
CREATE INDEX alarm_inbox ON metering.alarm (state, alarm_id DESC);
CREATE INDEX ON metering.alarm (parent_alarm_id) WHERE parent_alarm_id IS NOT NULL;

-- What happened to alarms: rows are only ever added. The actor is the hash of a staff session, null for the judging job;
-- `told` is the alarm as it was from then on.
CREATE TABLE metering.alarm_event (
  event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  alarm_id bigint NOT NULL REFERENCES metering.alarm,
  at timestamptz NOT NULL,
  what text NOT NULL CHECK (what IN ('opened', 'worsened', 'changed', 'cleared', 'returned', 'withdrawn',
                                     'acknowledged', 'assigned', 'closed')),
  actor bytea,
  why text CHECK (length(why) <= 500),
  told jsonb NOT NULL
);
CREATE INDEX ON metering.alarm_event (alarm_id, event_id);

CREATE FUNCTION metering.refuse_alarm_history_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the history of alarms is never changed';
END $$;
CREATE TRIGGER alarm_history_is_kept BEFORE UPDATE OR DELETE ON metering.alarm_event
  FOR EACH ROW EXECUTE FUNCTION metering.refuse_alarm_history_change();

-- When each install was judged last, and when it has to be again even if nothing is heard.
CREATE TABLE metering.alarm_judged (
  install_id integer PRIMARY KEY REFERENCES metering.install,
  judged_at timestamptz NOT NULL,
  due_at timestamptz NOT NULL
);
CREATE INDEX ON metering.alarm_judged (due_at);

-- Up to when contradictions, wrong clocks and clones were looked through, by when they were received.
CREATE TABLE metering.alarm_mark (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  looked_at timestamptz NOT NULL
);
CREATE INDEX ON metering.misdated_reading (received_at);
CREATE INDEX ON metering.reading_conflict (received_at);

-- Events that are to be told and went into no message yet.
CREATE TABLE metering.alarm_notice (
  event_id bigint PRIMARY KEY REFERENCES metering.alarm_event,
  due_at timestamptz NOT NULL
);
CREATE INDEX ON metering.alarm_notice (due_at);

-- Messages on their way: tried again until sent or given up. Its number makes a message known to who gets it twice.
CREATE TABLE metering.alarm_message (
  message_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  channel text NOT NULL CHECK (channel IN ('webhook', 'mail')),
  event_ids bigint[] NOT NULL CHECK (cardinality(event_ids) > 0),
  created_at timestamptz NOT NULL,
  due_at timestamptz NOT NULL,
  tries smallint NOT NULL DEFAULT 0,
  sent_at timestamptz,
  given_up_at timestamptz,
  -- Why the last try failed: a code, nothing of an answer.
  fault text CHECK (length(fault) <= 64)
);
CREATE INDEX alarm_message_waiting ON metering.alarm_message (due_at) WHERE sent_at IS NULL AND given_up_at IS NULL;
CREATE INDEX alarm_message_of_channel ON metering.alarm_message (channel, created_at);

-- Places where somebody asked that no use be noticed. Who, and whom to tell, is the portal's to know.
CREATE TABLE metering.watch (
  watch_id uuid PRIMARY KEY,
  service_point_id text NOT NULL REFERENCES metering.service_point,
  from_at timestamptz NOT NULL,
  until_at timestamptz CHECK (until_at >= from_at)
);
CREATE INDEX ON metering.watch (service_point_id);

-- Absences: not watched meanwhile.
CREATE TABLE metering.watch_away (
  away_id uuid PRIMARY KEY,
  watch_id uuid NOT NULL REFERENCES metering.watch,
  from_at timestamptz NOT NULL,
  until_at timestamptz NOT NULL CHECK (until_at > from_at)
);
CREATE INDEX ON metering.watch_away (watch_id);

-- A person's consent to be watched over. It is theirs by the pseudonym, and ends with the period of their account.
CREATE TABLE portal.consent (
  consent_id uuid PRIMARY KEY,
  pseudonym bytea NOT NULL,
  service_point text NOT NULL,
  -- The water account by which the place is theirs: with it the consent ends.
  credential_id text NOT NULL,
  given_at timestamptz NOT NULL,
  withdrawn_at timestamptz
);
CREATE UNIQUE INDEX consent_one_standing ON portal.consent (pseudonym, service_point) WHERE withdrawn_at IS NULL;

-- Whom to tell. Withdrawing the consent deletes them.
CREATE TABLE portal.consent_contact (
  consent_id uuid NOT NULL REFERENCES portal.consent,
  email text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
  -- By what they know whose home it is.
  called text NOT NULL CHECK (length(called) BETWEEN 1 AND 40),
  PRIMARY KEY (consent_id, email)
);

-- What is to be told to contacts, until it is sent or the consent withdrawn.
CREATE TABLE portal.contact_message (
  message_id uuid PRIMARY KEY,
  consent_id uuid NOT NULL REFERENCES portal.consent,
  email text NOT NULL,
  what text NOT NULL CHECK (what IN ('named', 'no_use', 'used_again')),
  since timestamptz,
  due_at timestamptz NOT NULL,
  tries smallint NOT NULL DEFAULT 0,
  FOREIGN KEY (consent_id, email) REFERENCES portal.consent_contact ON DELETE CASCADE
);
CREATE INDEX ON portal.contact_message (due_at);
