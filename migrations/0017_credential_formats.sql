-- Credentials are recorded under the name of their format, of which there are more now: for a proof inside a W3C
-- credential that is its cryptosuite.
ALTER TABLE identity.credential DROP CONSTRAINT credential_format_check;
UPDATE identity.credential SET format = 'eddsa-rdfc-2022' WHERE format = 'ldp_vc';
