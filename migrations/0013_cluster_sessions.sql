-- Where the intake consumes from an MQTT cluster: the sessions it has there, and which copy holds each.
--
-- The cluster keeps what it gave to a session and saw no acknowledgement for. A session whose copy is gone must be taken
-- up by another copy, or what waits in it waits for ever; so each is on record here, and held by a lease.
CREATE TABLE metering.cluster_session (
  slot smallint PRIMARY KEY CHECK (slot BETWEEN 1 AND 1000),
  holder uuid NOT NULL,
  renewed_at timestamptz NOT NULL,
  -- The holder gave it up in order; its last renewal tells when.
  released boolean NOT NULL DEFAULT false,
  -- A copy that has none waits for this one, whose holder has several.
  asked boolean NOT NULL DEFAULT false
);
