-- What each room's day (UTC) came to, in numbers alone. `final`: the day was over when it was counted.
CREATE TABLE digests (
  room text COLLATE "C" NOT NULL,
  day date NOT NULL,
  data jsonb NOT NULL,
  final boolean NOT NULL,
  made_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (room, day)
);

-- A room's day, without reading what lies before and after it. By day and room: a block of the table holds many
-- days once short messages fill the gaps between old ones, so that a BRIN index on the time alone reads half of it.
CREATE INDEX messages_day ON messages (room, created_at);
