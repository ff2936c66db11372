-- From version 2 to version 3: what people decided, what they asked of campaigns, and what is left of runs whose
-- messages were pruned.

-- Every decision of a person, for good: rows are added and never changed. `run`, `text` and `seq` say which message
-- it was about, where it was about one; `recipient` is its recipient, or the address of an opt-out.
CREATE TABLE decisions (
  id INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  who TEXT NOT NULL,
  what TEXT NOT NULL,
  campaign TEXT,
  run INTEGER,
  text INTEGER,
  seq INTEGER,
  recipient TEXT,
  reason TEXT
) STRICT;

-- Messages that were to be sent again although nobody knew whether they had been sent, by a person's word or the
-- campaign's: an earlier copy may have arrived, so that what becomes of the second one says nothing of the first.
CREATE TABLE second_copies (
  run INTEGER NOT NULL,
  text INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (run, text, seq)
) STRICT, WITHOUT ROWID;
-- Version 2 did not tell them from those that were proven not sent: where the campaign allows second copies, every
-- message that waits and was tried counts as one.
INSERT INTO second_copies SELECT m.run, m.text, m.seq FROM messages m JOIN runs r ON r.id = m.run
  WHERE m.state IN (2, 3) AND m.attempts > 0 AND r.pinned LIKE '%"resend_unknown":true%';

-- Campaigns of which nothing may go out: `what` is `paused` or `cancelled`.
CREATE TABLE holds (
  campaign TEXT PRIMARY KEY,
  what TEXT NOT NULL,
  who TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Opt-outs that people record have an empty `source`; who and why stands in `decisions`, by which they are found.
CREATE INDEX decisions_of_recipients ON decisions (recipient, id) WHERE recipient IS NOT NULL;

-- How far the process that sends has read in `decisions`, and heeds it: whoever wrote a row waits for it.
CREATE TABLE heard (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  decision INTEGER NOT NULL
) STRICT;

-- What runs that are being sent wait for, while their gateway makes them wait: until when, and why. For people who look;
-- one whose time has passed says nothing.
CREATE TABLE waiting (
  run INTEGER PRIMARY KEY REFERENCES runs (id),
  until_ms INTEGER NOT NULL,
  why TEXT NOT NULL
) STRICT;

-- A run whose messages were pruned keeps its counts, and here whom it may have reached: by canonical address, with
-- the last time. That is what asking for each person once, and for no more than so many messages, needs.
ALTER TABLE runs ADD COLUMN pruned_at_ms INTEGER;
-- Of a campaign that goes out again and again nearly every run is finished.
CREATE INDEX runs_unfinished ON runs (campaign) WHERE finished_at_ms IS NULL;
CREATE TABLE contacts (
  run INTEGER NOT NULL REFERENCES runs (id),
  address TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (run, address)
) STRICT, WITHOUT ROWID;

-- By whose clocks the messages of a run go out, where that is not one for all: a row for each set of zones in which
-- somebody may be, their names joined by `&`. `messages.clock` is its number; NULL where everybody goes by one, and for
-- those of whom no zone is known, which are held.
CREATE TABLE clocks (
  run INTEGER NOT NULL REFERENCES runs (id),
  id INTEGER NOT NULL,
  zones TEXT NOT NULL,
  PRIMARY KEY (run, id)
) STRICT, WITHOUT ROWID;
ALTER TABLE messages ADD COLUMN clock INTEGER;

-- Which of its campaign's texts a message is, where there are several: their names stand in the run's terms. Of a run that
-- was pruned, how many messages of each text were in which state, with which receipt.
ALTER TABLE messages ADD COLUMN wording INTEGER;
CREATE TABLE wording_counts (
  run INTEGER NOT NULL REFERENCES runs (id),
  wording INTEGER NOT NULL,
  state INTEGER NOT NULL,
  receipt INTEGER,
  n INTEGER NOT NULL
) STRICT;
