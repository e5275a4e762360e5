-- What an admin has switched off: `all`, or a channel, an intent, an action or a playbook as `kind:name`.
CREATE TABLE switch (
    scope TEXT NOT NULL PRIMARY KEY,
    because TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Counts the changes of `switch`: whatever is automated commits only under the version it was decided on.
CREATE TABLE switchboard (
    id INTEGER NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL
) STRICT;
INSERT INTO switchboard (id, version) VALUES (1, 0);

-- What was changed about the desk as a whole: switches, demotions of intents.
CREATE TABLE desk_event (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    because TEXT NOT NULL,
    by_whom TEXT NOT NULL
) STRICT;

-- What set a trigger off, once for each occurrence.
CREATE TABLE firing (
    trigger_id TEXT NOT NULL,
    occurrence TEXT NOT NULL,
    state TEXT NOT NULL, -- pending or done
    at INTEGER NOT NULL,
    due INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    event TEXT NOT NULL, -- JSON
    outcome TEXT,
    PRIMARY KEY (trigger_id, occurrence)
) STRICT, WITHOUT ROWID;
CREATE INDEX firing_due ON firing (due) WHERE state = 'pending';
CREATE INDEX firing_by_time ON firing (at);

-- Up to when a schedule has been looked at.
CREATE TABLE schedule (
    trigger_id TEXT NOT NULL PRIMARY KEY,
    looked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The address that a signed identity vouches for.
ALTER TABLE customer ADD COLUMN verified_email TEXT;
UPDATE customer SET verified_email = lower(json_extract(record, '$.email')) WHERE json_extract(record, '$.verified') = 1;
CREATE INDEX customer_verified_email ON customer (verified_email) WHERE verified_email IS NOT NULL;

-- What humans are asked to approve; derived from the conversation.
CREATE TABLE approval (
    conversation TEXT NOT NULL,
    seq INTEGER NOT NULL,
    asked_at INTEGER NOT NULL,
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX approval_by_time ON approval (asked_at, conversation, seq);

-- What the bot did by itself about an intent, and what turned out to be wrong with it.
CREATE TABLE mark (
    conversation TEXT NOT NULL,
    seq INTEGER NOT NULL,
    intent TEXT NOT NULL,
    failed INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX mark_by_intent ON mark (intent, at);

-- When a demotion was lifted: what was wrong before counts no more.
CREATE TABLE lifted (
    intent TEXT NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How often each rule has fired.
CREATE TABLE rule_hit (
    rule_id TEXT NOT NULL PRIMARY KEY,
    hits INTEGER NOT NULL,
    last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
