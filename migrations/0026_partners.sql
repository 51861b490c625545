-- A registered verifier may run software of its own: the name under which that asks, and the origins where it stands.
ALTER TABLE identity.verifier ADD COLUMN own_client jsonb;
