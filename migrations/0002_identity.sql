-- Identity: DID logs, credentials' status, offers, presentations.
CREATE SCHEMA identity;
