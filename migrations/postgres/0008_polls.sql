-- How far the rows of a polled database were read.
CREATE TABLE poll (
    trigger_id TEXT NOT NULL PRIMARY KEY,
    due BIGINT NOT NULL, -- whoever asks puts it off first, so that one process asks
    looked_at BIGINT, -- the last time it worked
    reads TEXT, -- what `place` is a place in: database, key and cursor
    place TEXT, -- JSON: the cursor of the last row
    failures BIGINT NOT NULL, -- since it last worked
    trouble TEXT
);
