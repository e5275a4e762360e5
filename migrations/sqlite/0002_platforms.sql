-- How many parts of a long message have gone out, and how often nobody could know whether one had.
ALTER TABLE outbox ADD COLUMN progress INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN doubts INTEGER NOT NULL DEFAULT 0;

-- Small values of the platforms' adapters that outlive the process.
CREATE TABLE memory (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
