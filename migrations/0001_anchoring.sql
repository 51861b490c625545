-- Anchoring: one authenticated map of hashes and its epochs.
CREATE SCHEMA anchoring;
