-- How long rooms keep messages. Each setting stands until the next one of its scope: a room's name, or `*` for all
-- that have none of their own. Without `days`: for good. A lifted one stands for none. Never changed.
CREATE TABLE retention (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  scope text COLLATE "C" NOT NULL,
  days integer CHECK (days > 0),
  lifted boolean NOT NULL DEFAULT false,
  author text NOT NULL,
  reason text,
  set_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX retention_scope ON retention (scope, id DESC);
CREATE VIEW retention_now AS
  SELECT * FROM (SELECT DISTINCT ON (scope) * FROM retention ORDER BY scope, id DESC) newest WHERE NOT lifted;

-- Rows that hold anything yet, by age: a row that is stored has a verdict, what was wiped has none.
CREATE INDEX messages_age ON messages (room, created_at) WHERE verdict IS NOT NULL;

-- The audit trail of purges: a row for each run and room in which something was removed.
CREATE TABLE purges (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run uuid NOT NULL,
  room text COLLATE "C" NOT NULL,
  days integer NOT NULL,
  actor text NOT NULL,
  messages integer NOT NULL,
  letters integer NOT NULL,
  begun_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  last_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (run, room)
);

-- Erasures of users, and their audit trail: what the user wrote until `at` is erased, also where it comes late. The
-- record goes on naming the user, so that late copies, and those of a backup, are known.
CREATE TABLE erasures (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id text COLLATE "C" NOT NULL,
  actor text NOT NULL,
  reason text,
  at timestamptz(3) NOT NULL,
  counts jsonb NOT NULL DEFAULT '{}',
  remains jsonb,
  ended_at timestamptz(3)
);
CREATE INDEX erasures_user ON erasures (user_id, at DESC);
CREATE INDEX erasures_open ON erasures (id) WHERE ended_at IS NULL;
CREATE INDEX dead_letters_user ON dead_letters ((entry ->> 'user'));

-- Messages that the store has wiped and their room's log does not tell of yet; written with the wiping.
CREATE TABLE untold (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  room text COLLATE "C" NOT NULL,
  reason text NOT NULL CHECK (reason IN ('expired', 'erased')),
  pseudonym text,
  ids bigint[] NOT NULL
);
