-- Uplinks that said first what was stored already: no reading names them, so here is where their redelivery finds them.
-- Kept for as long as a redelivery is recognised.
CREATE TABLE metering.repeated_uplink (
  meter_id integer NOT NULL,
  measured_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL,
  uplink_id bigint NOT NULL,
  PRIMARY KEY (meter_id, measured_at, uplink_id)
);
CREATE INDEX ON metering.repeated_uplink (received_at);
