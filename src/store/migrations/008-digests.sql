-- What each room's day (UTC) came to, in numbers alone. `final`: the day was over when it was counted.
CREATE TABLE digests (
  room text COLLATE "C" NOT NULL,
  day date NOT NULL,
  data jsonb NOT NULL,
  final boolean NOT NULL,
  made_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (room, day)
);

-- A room's day, without reading what lies before and after it, or what other rooms said on it. An index on the time
-- alone (a BRIN of it is a thousand times smaller) finds a day of all rooms as fast, and that of one room no faster.
CREATE INDEX messages_day ON messages (room, created_at);
