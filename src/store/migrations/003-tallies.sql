-- What was stored once and what became of each log offset, one bit an offset, in blocks of 1,024 offsets of a room.
-- Written with the rows themselves, in one transaction, and never taken back: a row that is gone, or one that was
-- never acknowledged, differs from its bit, however long ago the room's log was trimmed.
--   created: a message was stored under this id
--   settled: the entry at this offset is reflected in the store (creation, edit, removal, outcome)
CREATE TABLE tallies (
  room text COLLATE "C" NOT NULL,
  block bigint NOT NULL,
  created bit(1024) NOT NULL,
  settled bit(1024) NOT NULL,
  PRIMARY KEY (room, block)
) WITH (fillfactor = 50);

-- What was stored before is taken as it stands, and its offsets as settled.
INSERT INTO tallies (room, block, created, settled)
SELECT room, id >> 10, bit_or(set_bit(0::bit(1024), (id & 1023)::integer, 1)), ~0::bit(1024)
FROM messages GROUP BY room, id >> 10;

-- Epochs that ended by a loss: how far their log had reached when somebody saw it last.
CREATE TABLE losses (
  room text COLLATE "C" NOT NULL,
  epoch text NOT NULL,
  seen bigint NOT NULL,
  noticed_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (room, epoch)
);

-- The newest audit of each scope.
CREATE TABLE audits (
  scope text PRIMARY KEY CHECK (scope IN ('all', 'touched')),
  report jsonb NOT NULL,
  made_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
);
