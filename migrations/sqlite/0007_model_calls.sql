-- What calls to language models have cost: the books of the budget, which outlive the process.
CREATE TABLE model_call (
    id TEXT NOT NULL PRIMARY KEY, -- conversation/place for what stands in a log
    conversation TEXT NOT NULL,
    customer TEXT NOT NULL,
    step TEXT NOT NULL,
    at INTEGER NOT NULL,
    micros INTEGER, -- millionths of a US dollar; nothing while it is under way, or if nobody will ever know
    tokens INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX model_call_by_time ON model_call (at);
