-- What a zone's places used on a day is worked out once what changed there has been judged, not again with every part of it.

ALTER TABLE metering.peer_use
  -- Use that it was worked out from changed since. Set with what takes the change out of metering.validation_due.
  ADD COLUMN is_due boolean NOT NULL DEFAULT false;
CREATE INDEX peer_use_due ON metering.peer_use (day, zone_id, usage_class) WHERE is_due;

-- Rounded down to its first digit, so that a place more is nothing to judge again for.
UPDATE metering.peer_use SET places = trunc(places, 1 - length(places::text));
