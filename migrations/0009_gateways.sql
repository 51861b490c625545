-- Gateways: concentrators and LoRaWAN network servers that publish for the devices they were granted, and for no others.

-- A gateway connects as a device does, with the same kinds of credentials.
CREATE TABLE metering.gateway (
  device_no integer PRIMARY KEY REFERENCES metering.device,
  registered_at timestamptz NOT NULL
);

-- By what a gateway knows a device: the DevEUI of LoRaWAN in lower case, or a wireless M-Bus telegram's manufacturer, id,
-- version and medium in upper case.
CREATE TABLE metering.gateway_grant (
  gateway_no integer NOT NULL REFERENCES metering.gateway,
  address text NOT NULL CHECK (address ~ '^([0-9a-f]{16}|[A-Z]{3}\.[0-9A-F]{8}\.[0-9A-F]{2}\.[0-9A-F]{2})$'),
  device_no integer NOT NULL REFERENCES metering.device,
  granted_at timestamptz NOT NULL,
  PRIMARY KEY (gateway_no, address)
);
CREATE INDEX ON metering.gateway_grant (device_no);
