-- Estimates by rule: what a zone's places used is an estimate's ground, so that a figure that moves finds those who rest on it.
CREATE INDEX use_estimate_of_class ON metering.use_estimate (day, install_id) WHERE method = 'class_profile';

-- What other programs are told beside alarms goes out by the same messages: channel `events`, with its body as it was written.
ALTER TABLE metering.alarm_message
  DROP CONSTRAINT alarm_message_channel_check,
  DROP CONSTRAINT alarm_message_event_ids_check,
  ALTER COLUMN event_ids DROP NOT NULL,
  ADD COLUMN body text,
  ADD CHECK (channel IN ('webhook', 'mail', 'events')),
  ADD CHECK (CASE WHEN channel = 'events' THEN body IS NOT NULL AND event_ids IS NULL
                  ELSE body IS NULL AND event_ids IS NOT NULL AND cardinality(event_ids) > 0 END);

-- Both are asked for every few seconds: which messages may be deleted, and whether one of a type was made lately.
CREATE INDEX alarm_message_done ON metering.alarm_message ((coalesce(sent_at, given_up_at)));
CREATE INDEX alarm_message_events ON metering.alarm_message (created_at) WHERE channel = 'events';

-- When a message of it was made. What was over before is told to nobody.
ALTER TABLE metering.bill_run ADD COLUMN told_at timestamptz;
UPDATE metering.bill_run SET told_at = finished_at;
CREATE INDEX bill_run_untold ON metering.bill_run (run_id) WHERE state = 'done' AND told_at IS NULL;
ALTER TABLE metering.correction_due ADD COLUMN told_at timestamptz;
UPDATE metering.correction_due SET told_at = since;
CREATE INDEX correction_due_untold ON metering.correction_due (corrected_bill_id) WHERE told_at IS NULL;
