-- Times are microseconds since 1970 in UTC, ids and JSON are text. The same tables as migrations/postgres.

CREATE TABLE customer (
    id TEXT NOT NULL PRIMARY KEY,
    external TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    search TEXT NOT NULL,
    record TEXT NOT NULL
) STRICT;
CREATE INDEX customer_external ON customer (external) WHERE external IS NOT NULL;

-- A platform's id of somebody, bound to a customer.
CREATE TABLE sender (
    channel TEXT NOT NULL,
    sender TEXT NOT NULL,
    customer TEXT NOT NULL,
    PRIMARY KEY (channel, sender)
) STRICT, WITHOUT ROWID;

-- Derived from the log: the columns of the list, and the whole state as a snapshot.
CREATE TABLE conversation (
    id TEXT NOT NULL PRIMARY KEY,
    channel TEXT NOT NULL,
    customer TEXT NOT NULL,
    last_seq INTEGER NOT NULL,
    state TEXT NOT NULL,
    team TEXT,
    assignee TEXT,
    priority_rank INTEGER NOT NULL, -- 0 is urgent, so that ascending is most urgent first
    waiting_since INTEGER,
    due INTEGER,
    unanswered_since INTEGER,
    updated_at INTEGER NOT NULL,
    fold_version INTEGER NOT NULL,
    search TEXT NOT NULL,
    snapshot TEXT NOT NULL
) STRICT;
CREATE INDEX conversation_by_state ON conversation (state, updated_at, id);
CREATE INDEX conversation_by_time ON conversation (updated_at, id);
CREATE INDEX conversation_by_customer ON conversation (customer);
CREATE INDEX conversation_queue ON conversation (priority_rank, waiting_since, id) WHERE state = 'queued';
CREATE INDEX conversation_assignee ON conversation (assignee, updated_at, id) WHERE state = 'human';
CREATE INDEX conversation_due ON conversation (due, id) WHERE due IS NOT NULL;
CREATE INDEX conversation_unanswered ON conversation (unanswered_since, id) WHERE unanswered_since IS NOT NULL;
CREATE INDEX conversation_fold ON conversation (fold_version);

-- The truth.
CREATE TABLE event (
    conversation TEXT NOT NULL REFERENCES conversation (id),
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;

-- The newest conversation at an address.
CREATE TABLE thread (
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    conversation TEXT NOT NULL REFERENCES conversation (id),
    PRIMARY KEY (channel, address)
) STRICT, WITHOUT ROWID;

-- Keys of what was done already.
CREATE TABLE once (
    key TEXT NOT NULL PRIMARY KEY,
    conversation TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Effects not finished; finishing deletes the row.
CREATE TABLE outbox (
    conversation TEXT NOT NULL REFERENCES conversation (id),
    seq INTEGER NOT NULL,
    state TEXT NOT NULL, -- pending or sending
    attempts INTEGER NOT NULL,
    due INTEGER NOT NULL,
    owner TEXT, -- the process that is sending it
    cause TEXT,
    created_at INTEGER NOT NULL,
    lane TEXT NOT NULL, -- send, ticket or notify: in order within a lane, side by side across
    effect TEXT NOT NULL,
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox (due) WHERE state = 'pending';
CREATE INDEX outbox_sending ON outbox (owner) WHERE state = 'sending';

CREATE TABLE ticket (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation TEXT NOT NULL,
    seq INTEGER NOT NULL,
    customer TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    priority TEXT NOT NULL,
    team TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (conversation, seq)
) STRICT;
CREATE INDEX ticket_by_customer ON ticket (customer, status);
-- The first ticket is number 1001.
INSERT INTO sqlite_sequence (name, seq) VALUES ('ticket', 1000);

-- People at the desk.
CREATE TABLE person (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE session (
    hash TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL
) STRICT;
CREATE INDEX session_by_subject ON session (subject);
CREATE INDEX session_by_end ON session (expires_at);

CREATE TABLE upload (
    id TEXT NOT NULL PRIMARY KEY,
    customer TEXT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    content BLOB NOT NULL
) STRICT;

CREATE TABLE release (
    id TEXT NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL,
    content TEXT NOT NULL
) STRICT;

-- Written to learn whether writing works.
CREATE TABLE heartbeat (
    id INTEGER NOT NULL PRIMARY KEY,
    beats INTEGER NOT NULL
) STRICT;
INSERT INTO heartbeat (id, beats) VALUES (1, 0);
