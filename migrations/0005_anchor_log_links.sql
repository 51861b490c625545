-- The public log made checkable row by row, and epochs on the chain that this database did not make.

-- Ties each row to its epoch and to the row before it (src/anchoring/log-link.ts), so that a row changed by hand is named
-- exactly. NULL in epochs made before there were links.
ALTER TABLE anchoring.change ADD COLUMN link anchoring.hash;

-- Pages of the log are read in this order; it serves what the index by epoch alone did.
CREATE INDEX change_in_order ON anchoring.change (epoch, key);
DROP INDEX anchoring.change_epoch_idx;

-- When the operator recorded an epoch of the chain as not theirs (naru reconcile). Its root is the chain's; it changed
-- nothing in the map.
ALTER TABLE anchoring.epoch ADD COLUMN disowned_at timestamptz;
