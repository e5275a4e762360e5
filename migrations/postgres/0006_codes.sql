-- One-time codes: one for each customer at most. Only a slow hash is kept.
CREATE TABLE code (
    customer TEXT NOT NULL PRIMARY KEY,
    conversation TEXT NOT NULL, -- the effect that sent it
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL,
    account TEXT NOT NULL, -- JSON: whose account it opens
    expires_at BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    taken BIGINT NOT NULL,
    last_by TEXT -- the message that tried it last
);

-- Who asked for codes, and for which account; forgotten after a while.
CREATE TABLE code_claim (
    conversation TEXT NOT NULL,
    seq BIGINT NOT NULL,
    customer TEXT NOT NULL,
    claim TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (conversation, seq)
);
CREATE INDEX code_claim_by_time ON code_claim (at);
