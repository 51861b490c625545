-- Estimates by rule: what a zone's places used is an estimate's ground, so that a figure that moves finds those who rest on it.
CREATE INDEX use_estimate_of_class ON metering.use_estimate (day, install_id) WHERE method = 'class_profile';
