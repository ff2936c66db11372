-- Version 1 of the state; a later version is a step from the one before (`version2.sql`), and nothing here
-- changes any more. A run is pinned in one transaction, then only `messages` change, and `texts` shrinks.
-- Rows are clustered in the order of claims, so equal texts are neighbours.

CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
  campaign TEXT NOT NULL,
  occurrence TEXT NOT NULL,
  digest TEXT NOT NULL,
  pinned TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  finished_at_ms INTEGER,
  planned INTEGER NOT NULL,
  rejected INTEGER NOT NULL,
  suppressed INTEGER NOT NULL,
  filtered INTEGER NOT NULL,
  duplicates INTEGER NOT NULL,
  UNIQUE (campaign, occurrence)
) STRICT;

-- A text lives as long as `needed` messages that are not definite use it.
CREATE TABLE texts (
  run INTEGER NOT NULL,
  id INTEGER NOT NULL,
  needed INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (run, id)
) STRICT, WITHOUT ROWID;

-- `address` is NULL where it is the recipient's identity itself.
CREATE TABLE messages (
  run INTEGER NOT NULL REFERENCES runs (id),
  text INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  state INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  segments INTEGER NOT NULL,
  changed_at_ms INTEGER NOT NULL,
  recipient TEXT NOT NULL,
  address TEXT,
  provider_id TEXT,
  reason TEXT,
  PRIMARY KEY (run, text, seq)
) STRICT, WITHOUT ROWID;

-- The sum of `messages` by state, written in the same transactions; proven when a run is taken up
-- and when it is finished.
CREATE TABLE counts (
  run INTEGER NOT NULL REFERENCES runs (id),
  state INTEGER NOT NULL,
  n INTEGER NOT NULL CHECK (n >= 0),
  PRIMARY KEY (run, state)
) STRICT, WITHOUT ROWID;
