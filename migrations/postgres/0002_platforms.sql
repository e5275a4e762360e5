-- How many parts of a long message have gone out, and how often nobody could know whether one had.
ALTER TABLE outbox ADD COLUMN progress BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN doubts BIGINT NOT NULL DEFAULT 0;

-- Small values of the platforms' adapters that outlive the process.
CREATE TABLE memory (
    key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
