-- Re-runs of the pipeline over history. `spec` is what was asked, with what was frozen at the start. A page is planned
-- and its changes written in one transaction with the cursor; then (`phase` apply) it is told to the rooms and stored,
-- in another one. `page` is the number of the newest planned page.
CREATE TABLE reprocess_runs (
  run text PRIMARY KEY,
  spec jsonb NOT NULL,
  undoes text REFERENCES reprocess_runs (run),
  state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'paused', 'parked', 'done', 'cancelled')),
  phase text NOT NULL DEFAULT 'plan' CHECK (phase IN ('plan', 'apply')),
  rate integer NOT NULL CHECK (rate > 0),
  max_removals integer,
  page bigint NOT NULL DEFAULT 0,
  cursor_room text COLLATE "C" NOT NULL DEFAULT '',
  cursor_id bigint NOT NULL DEFAULT 0,
  exhausted boolean NOT NULL DEFAULT false,
  total bigint,
  counts jsonb NOT NULL DEFAULT '{}',
  note text,
  author text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  -- When somebody last asked for a change of its course; and when it last went on.
  told_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  moved_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz(3)
);
CREATE INDEX reprocess_runs_unfinished ON reprocess_runs (run) WHERE ended_at IS NULL;
CREATE INDEX reprocess_runs_created ON reprocess_runs (created_at DESC);

-- What a run changed, or would change (`found`), message by message: the outcome before and after, without text.
--   planned → applied | superseded: the message had changed since | dropped: the run was cancelled before
CREATE TABLE reprocess_changes (
  run text NOT NULL REFERENCES reprocess_runs (run) ON DELETE CASCADE,
  room text COLLATE "C" NOT NULL,
  id bigint NOT NULL,
  revision integer NOT NULL,
  page bigint NOT NULL,
  kind text NOT NULL,
  state text NOT NULL CHECK (state IN ('found', 'planned', 'applied', 'superseded', 'dropped')),
  before jsonb NOT NULL,
  after jsonb NOT NULL,
  PRIMARY KEY (run, room, id)
);
CREATE INDEX reprocess_changes_planned ON reprocess_changes (run) WHERE state = 'planned';

-- The policy that last judged a message as it stands already: who looks for what older ones decided passes it by.
ALTER TABLE messages ADD COLUMN confirmed text;
