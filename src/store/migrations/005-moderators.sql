-- The moderator's decision that stands for the revision, and its log offset: a later one replaces an earlier one.
ALTER TABLE messages ADD COLUMN decision jsonb, ADD COLUMN ruling bigint;

-- What waits for a moderator: whatever a rule hit and nobody decided, newest or oldest first.
CREATE INDEX messages_queue ON messages (room, id)
  WHERE ruling IS NULL AND verdict ->> 'action' <> 'allow'
    AND (reason IS NULL OR reason IN ('moderated', 'held'));

-- Who did what, when and why. Decisions on messages are written with the row that they change, once for each entry
-- of the room's log; mutes and bans with their own row. Never changed.
CREATE TABLE moderation_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  scope text COLLATE "C" NOT NULL,
  action text NOT NULL CHECK (action IN ('release', 'remove', 'mute', 'unmute', 'ban', 'unban')),
  actor text NOT NULL,
  subject text NOT NULL,
  message_id bigint,
  revision integer,
  entry bigint,
  was text,
  reason text,
  until timestamptz(3),
  at timestamptz(3) NOT NULL,
  UNIQUE (scope, entry)
);
CREATE INDEX moderation_log_scope ON moderation_log (scope, id);

-- Mutes and bans as they stand; the scope is a room's name, or `*` for everywhere. `version` grows with every change,
-- in the order of their commits: whoever has seen one asks for those above it. A lifted one ends when it is lifted.
CREATE SEQUENCE sanction_versions;
CREATE TABLE sanctions (
  scope text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('mute', 'ban')),
  user_id text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  by_admin boolean NOT NULL,
  actor text NOT NULL,
  reason text,
  until timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (scope, kind, user_id)
);
CREATE UNIQUE INDEX sanctions_version ON sanctions (version);
