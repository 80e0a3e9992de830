-- Redriving. A letter is of one entry of a room's log: a deletion has the id and revision of what it deletes.
-- `redrive` is the number of the last redrive of the entry, `failed` the one that last failed here; 0 is the first
-- way through the pipeline. `failures` counts them.
ALTER TABLE dead_letters
  ADD COLUMN log_offset bigint NOT NULL DEFAULT 0,
  ADD COLUMN redrive integer NOT NULL DEFAULT 0,
  ADD COLUMN failed integer NOT NULL DEFAULT 0,
  ADD COLUMN failures integer NOT NULL DEFAULT 1;
UPDATE dead_letters SET log_offset = (entry->>'offset')::bigint WHERE entry->>'offset' ~ '^\d{1,16}$';
ALTER TABLE dead_letters
  DROP CONSTRAINT dead_letters_room_message_id_revision_step_key,
  ADD CONSTRAINT dead_letters_entry_key UNIQUE (room, message_id, revision, log_offset, step);
