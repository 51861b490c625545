-- What each process of the intake did, for pages that another process serves: how it stands, and what it took by the minute.
CREATE TABLE metering.intake_process (
  process_id text PRIMARY KEY,
  connections integer NOT NULL,
  in_flight integer NOT NULL,
  started_at timestamptz NOT NULL,
  told_at timestamptz NOT NULL
);

CREATE TABLE metering.intake_minute (
  minute timestamptz NOT NULL,
  process_id text NOT NULL,
  messages bigint NOT NULL,
  readings bigint NOT NULL,
  quarantined bigint NOT NULL,
  conflicts bigint NOT NULL,
  refused bigint NOT NULL,
  PRIMARY KEY (minute, process_id)
);
