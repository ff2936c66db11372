-- From version 1 to version 2: parts of texts that we cut, receipts, opt-outs. What was there keeps its meaning.

-- `part` packs which part of a text a message is (`message::part`), NULL for a whole one. `receipt` is 1 for
-- delivered, 2 for failed, NULL while nobody has told; only an accepted message has one.
ALTER TABLE messages ADD COLUMN part INTEGER;
ALTER TABLE messages ADD COLUMN receipt INTEGER;
ALTER TABLE messages ADD COLUMN receipt_at_ms INTEGER;

-- The sum of `messages` by receipt, kept and proven as `counts` is. No row stands for none.
CREATE TABLE receipt_counts (
  run INTEGER NOT NULL REFERENCES runs (id),
  receipt INTEGER NOT NULL,
  n INTEGER NOT NULL CHECK (n >= 0),
  PRIMARY KEY (run, receipt)
) STRICT, WITHOUT ROWID;

-- Who told a gateway to be left alone, by canonical address: nobody here is sent to again, by any campaign of this
-- state. `source` is the campaign in which we were told.
CREATE TABLE opt_outs (
  address TEXT PRIMARY KEY,
  source TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
