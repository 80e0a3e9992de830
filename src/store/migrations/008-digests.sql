-- What each room's day (UTC) came to, in numbers alone. `final`: the day was over when it was counted.
CREATE TABLE digests (
  room text COLLATE "C" NOT NULL,
  day date NOT NULL,
  data jsonb NOT NULL,
  final boolean NOT NULL,
  made_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (room, day)
);
