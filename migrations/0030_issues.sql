-- What was issued of one grant belongs together: copies for one use each. It is revoked, suspended and resumed together, and
-- listed once. Null where a credential was issued alone.
ALTER TABLE identity.credential ADD COLUMN issue uuid;
CREATE INDEX credential_issue ON identity.credential (issue, issued_at, id) WHERE issue IS NOT NULL;
-- Of what was issued lately the grant is still known.
UPDATE identity.credential c SET issue = a.identifier
  FROM identity.credential_answers a WHERE c.id = ANY(a.credential_ids);
