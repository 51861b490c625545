-- Metering: service points, meters, devices, uplinks and readings.
CREATE SCHEMA metering;
