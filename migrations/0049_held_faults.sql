-- Why a place is held, as a code with its data, so that pages say it in their reader's language; `detail` stays the English
-- sentence. NULL: held before there were codes.
ALTER TABLE metering.bill_held ADD COLUMN fault jsonb;
