-- Every version of every policy. The scope is a room's name, or '*' for the default that all rooms inherit from.
-- Ids are given under a lock, so that whoever has read up to one has missed none below it.
CREATE TABLE policies (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  scope text NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  policy jsonb NOT NULL,
  author text NOT NULL,
  reason text,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (scope, version)
);
