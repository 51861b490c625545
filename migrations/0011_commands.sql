-- Commands to devices: kept until they are acknowledged, given up or expired.
CREATE TABLE metering.command (
  command_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  device_no integer NOT NULL REFERENCES metering.device,
  kind text NOT NULL CHECK (kind IN ('reporting_interval', 'clock_set', 'firmware_notice', 'valve')),
  arguments jsonb NOT NULL,
  -- proposed: waits for a second person's approval.
  state text NOT NULL CHECK (state IN ('proposed', 'queued', 'sent', 'acknowledged', 'failed', 'expired', 'cancelled')),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
  -- Hashes of staff sessions.
  created_by bytea,
  approved_by bytea,
  approved_at timestamptz,
  sends integer NOT NULL DEFAULT 0,
  last_sent_at timestamptz,
  -- No process sends it again before then.
  claimed_until timestamptz,
  ended_at timestamptz,
  outcome text CHECK (length(outcome) <= 200),
  -- The transaction that queued it, for processes that missed the notification.
  queued_xid xid8,
  CHECK (kind <> 'valve' OR state IN ('proposed', 'expired', 'cancelled') OR approved_by IS NOT NULL),
  CHECK (approved_by <> created_by)
);
CREATE INDEX command_open ON metering.command (device_no, command_id) WHERE state IN ('queued', 'sent');
CREATE INDEX command_queued ON metering.command (queued_xid) WHERE state IN ('queued', 'sent');
CREATE INDEX command_expiry ON metering.command (expires_at) WHERE state IN ('proposed', 'queued', 'sent');
CREATE INDEX command_of_device ON metering.command (device_no, command_id DESC);
