-- What became of every message. `content` is the text as its author wrote it, for moderators and re-runs;
-- `shown` is what readers see where that differs.
-- Room names compare by byte: fast, the same on every system, and a prefix is a range.
CREATE TABLE messages (
  room text COLLATE "C" NOT NULL,
  id bigint NOT NULL CHECK (id BETWEEN 1 AND 9007199254740991),
  revision integer NOT NULL CHECK (revision > 0),
  epoch text NOT NULL,
  user_id text NOT NULL,
  name text,
  client_id text,
  content text,
  shown text,
  reply_to bigint,
  status text NOT NULL CHECK (status IN ('visible', 'masked', 'held', 'removed')),
  reason text CHECK (reason IN ('deleted', 'moderated', 'held', 'duplicate', 'expired', 'erased')),
  audience text NOT NULL DEFAULT 'all' CHECK (audience IN ('all', 'author')),
  created_at timestamptz(3) NOT NULL,
  edited_at timestamptz(3),
  language text,
  language_confidence double precision,
  sentiment double precision,
  sentiment_label text CHECK (sentiment_label IN ('negative', 'neutral', 'positive')),
  verdict jsonb,
  versions jsonb,
  batch text,
  announced_at timestamptz(3),
  stored_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (room, id),
  CONSTRAINT messages_client_key UNIQUE (room, user_id, client_id),
  CHECK ((status = 'masked') = (shown IS NOT NULL)),
  CHECK (status <> 'removed' OR reason IS NOT NULL)
);

CREATE TABLE rooms (
  room text COLLATE "C" PRIMARY KEY,
  last_id bigint NOT NULL,
  last_message_at timestamptz(3) NOT NULL
);

-- Entries that no step could take further, with the cause. Kept whole, so that they can be redriven.
CREATE TABLE dead_letters (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  room text COLLATE "C" NOT NULL,
  message_id bigint NOT NULL,
  revision integer NOT NULL,
  step text NOT NULL,
  cause text NOT NULL,
  entry jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  redriven_at timestamptz(3),
  UNIQUE (room, message_id, revision, step)
);

-- Every epoch that ever began: tells a log that was lost from one that never was.
CREATE TABLE epochs (
  epoch text PRIMARY KEY,
  partition integer NOT NULL,
  room text,
  base bigint NOT NULL,
  reason text NOT NULL,
  begun_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX epochs_partition ON epochs (partition);

CREATE TABLE layout (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  partitions integer NOT NULL
);
