-- Approving offers at the desk: who made an offer, and how they had signed in, are looked up in the audit.
CREATE INDEX audit_offers ON portal.audit (offer_id) WHERE offer_id IS NOT NULL;
CREATE INDEX audit_sign_ins ON portal.audit (actor) WHERE action = 'signed_in';
