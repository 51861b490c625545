-- Portal: who may see which service point, and the sessions of citizens and staff. No claim and no name is kept here.
CREATE SCHEMA portal;

-- A sign-in under way, bound to the browser that began it.
CREATE TABLE portal.sign_in (
  request_id   text PRIMARY KEY,
  browser_hash bytea NOT NULL,
  expires_at   timestamptz NOT NULL
);
CREATE INDEX sign_in_expiry ON portal.sign_in (expires_at);

-- A person, known here only by a pseudonym that no other verifier can compute, and the service point they proved theirs.
CREATE TABLE portal.link (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pseudonym     bytea NOT NULL,
  service_point text NOT NULL,
  role          text NOT NULL,
  from_date     date NOT NULL,
  until_date    date,
  credential_id text NOT NULL,
  UNIQUE (pseudonym, service_point, credential_id)
);

CREATE TABLE portal.citizen_session (
  token_hash   bytea PRIMARY KEY,
  link_id      bigint NOT NULL REFERENCES portal.link ON DELETE CASCADE,
  trace        jsonb NOT NULL,
  signed_in_at timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL
);
CREATE INDEX citizen_session_expiry ON portal.citizen_session (expires_at);

-- Links that let a clerk in once.
CREATE TABLE portal.staff_link (
  token_hash bytea PRIMARY KEY,
  expires_at timestamptz NOT NULL
);

CREATE TABLE portal.staff_session (
  token_hash   bytea PRIMARY KEY,
  signed_in_at timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL
);
CREATE INDEX staff_session_expiry ON portal.staff_session (expires_at);

-- What staff did to whose access, for the audit.
CREATE TABLE portal.audit (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at            timestamptz NOT NULL,
  actor         bytea NOT NULL,
  action        text NOT NULL,
  service_point text,
  credential_id text
);
