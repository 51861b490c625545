-- Proofs of readings and bills: what was hashed of each zone's days, and of bills, and put into the anchored map. Versions
-- are only ever added.

-- Keys that the salts of a meter's month at a place are derived from. Where one is erased, what was hashed of that month
-- can't be worked out again by anybody, nor guessed; trees, roots and other households' paths stay as they are.
CREATE TABLE metering.proof_key (
  install_id integer NOT NULL REFERENCES metering.install,
  month date NOT NULL CHECK (extract(day FROM month) = 1),
  key bytea NOT NULL CHECK (octet_length(key) = 32),
  PRIMARY KEY (install_id, month)
);

-- A local day of a zone as a tree whose leaves are its meters' days, by install. A version holds the leaves that are new or
-- other than in the version before: parallel to install_ids 32 bytes each of leaves and of uplink_digests, and for each of
-- its entries, and then of its uplinks, the first 3 bytes of the hash in marks: so it can be told later which one is another.
CREATE TABLE metering.zone_day_tree (
  zone_id text NOT NULL REFERENCES metering.zone,
  day date NOT NULL,
  version integer NOT NULL CHECK (version >= 1),
  made_at timestamptz NOT NULL,
  -- Of the whole tree.
  leaf_count integer NOT NULL CHECK (leaf_count >= 1),
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  install_ids integer[] NOT NULL,
  leaves bytea NOT NULL CHECK (octet_length(leaves) = 32 * cardinality(install_ids)),
  uplink_digests bytea NOT NULL CHECK (octet_length(uplink_digests) = 32 * cardinality(install_ids)),
  entry_counts integer[] NOT NULL CHECK (cardinality(entry_counts) = cardinality(install_ids)),
  uplink_counts integer[] NOT NULL CHECK (cardinality(uplink_counts) = cardinality(install_ids)),
  marks bytea NOT NULL,
  PRIMARY KEY (zone_id, day, version)
);
-- Hashes don't compress.
ALTER TABLE metering.zone_day_tree ALTER leaves SET STORAGE EXTERNAL;
ALTER TABLE metering.zone_day_tree ALTER uplink_digests SET STORAGE EXTERNAL;
ALTER TABLE metering.zone_day_tree ALTER marks SET STORAGE EXTERNAL;

-- Zone-days to be hashed, for the first time or because something came since, and not before when.
CREATE TABLE metering.zone_day_tree_due (
  day date NOT NULL,
  zone_id text NOT NULL REFERENCES metering.zone,
  due_at timestamptz NOT NULL,
  PRIMARY KEY (day, zone_id)
);
CREATE INDEX ON metering.zone_day_tree_due (due_at);

-- Meter-days of which a hashed entry was changed or taken away in the store: found when the day was to be hashed again. Its
-- leaf stays what it was.
CREATE TABLE metering.altered_meter_day (
  altered_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  install_id integer NOT NULL REFERENCES metering.install,
  day date NOT NULL,
  found_at timestamptz NOT NULL,
  UNIQUE (install_id, day)
);

-- A bill run as a tree whose leaves are its bills, by id. roots: of each 1,024 leaves, so that a path takes one stretch.
CREATE TABLE metering.bill_tree (
  run_id integer PRIMARY KEY,
  made_at timestamptz NOT NULL,
  leaf_count integer NOT NULL CHECK (leaf_count >= 1),
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  leaves bytea NOT NULL CHECK (octet_length(leaves) = 32 * leaf_count),
  roots bytea NOT NULL
);
ALTER TABLE metering.bill_tree ALTER leaves SET STORAGE EXTERNAL;
ALTER TABLE metering.bill_tree ALTER roots SET STORAGE EXTERNAL;

-- Where a bill is in its run's tree, and its salt: erased with the bill, it leaves a leaf that means nothing.
CREATE TABLE metering.bill_leaf (
  bill_id bigint PRIMARY KEY,
  run_id integer NOT NULL REFERENCES metering.bill_tree,
  place integer NOT NULL CHECK (place >= 0),
  salt bytea NOT NULL CHECK (octet_length(salt) = 16)
);
