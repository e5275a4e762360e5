-- One-time codes: one for each customer at most. Only a slow hash is kept.
CREATE TABLE code (
    customer TEXT NOT NULL PRIMARY KEY,
    conversation TEXT NOT NULL, -- the effect that sent it
    seq INTEGER NOT NULL,
    hash TEXT NOT NULL,
    account TEXT NOT NULL, -- JSON: whose account it opens
    expires_at INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    taken INTEGER NOT NULL,
    last_by TEXT -- the message that tried it last
) STRICT, WITHOUT ROWID;

-- Who asked for codes, and for which account; forgotten after a while.
CREATE TABLE code_claim (
    conversation TEXT NOT NULL,
    seq INTEGER NOT NULL,
    customer TEXT NOT NULL,
    claim TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX code_claim_by_time ON code_claim (at);
