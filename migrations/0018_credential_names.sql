-- The names by which programs of the VC-API call the credentials they had issued: a credential's own id, or one they chose.
-- Only a hash is kept, because an id may say whose the credential is. A name may be given to several credentials.
CREATE TABLE identity.credential_name (
  name_hash bytea NOT NULL CHECK (octet_length(name_hash) = 32),
  credential uuid NOT NULL REFERENCES identity.credential (id) ON DELETE CASCADE,
  PRIMARY KEY (name_hash, credential)
);
CREATE INDEX credential_name_credential ON identity.credential_name (credential);
