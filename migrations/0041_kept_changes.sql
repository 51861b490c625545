-- The queue of changed days is kept for a while after every follower has passed it, so that copies outside the service can
-- follow it too, each from where it was; and how far it was taken away is known, so that a copy that stayed away for longer
-- is told so instead of missing a day.
ALTER TABLE metering.use_day_changed ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now();

CREATE TABLE metering.use_day_trimmed (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  -- What was taken away had this id or a lower one.
  last_id bigint NOT NULL
);
-- What was taken away before this was counted is not known: all that there ever was.
INSERT INTO metering.use_day_trimmed (last_id)
SELECT coalesce((SELECT min(changed_id) - 1 FROM metering.use_day_changed),
                (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM metering.use_day_changed_changed_id_seq));
