-- What an admin has switched off: `all`, or a channel, an intent, an action or a playbook as `kind:name`.
CREATE TABLE switch (
    scope TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    because TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    at BIGINT NOT NULL
);

-- Counts the changes of `switch`: whatever is automated commits only under the version it was decided on.
CREATE TABLE switchboard (
    id INTEGER NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
);
INSERT INTO switchboard (id, version) VALUES (1, 0);

-- What was changed about the desk as a whole: switches, demotions of intents.
CREATE TABLE desk_event (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    because TEXT NOT NULL,
    by_whom TEXT NOT NULL
);

-- What set a trigger off, once for each occurrence.
CREATE TABLE firing (
    trigger_id TEXT NOT NULL,
    occurrence TEXT NOT NULL,
    state TEXT NOT NULL, -- pending or done
    at BIGINT NOT NULL,
    due BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    event TEXT NOT NULL, -- JSON
    outcome TEXT,
    PRIMARY KEY (trigger_id, occurrence)
);
CREATE INDEX firing_due ON firing (due) WHERE state = 'pending';
CREATE INDEX firing_by_time ON firing (at);

-- Up to when a schedule has been looked at.
CREATE TABLE schedule (
    trigger_id TEXT NOT NULL PRIMARY KEY,
    looked_at BIGINT NOT NULL
);

-- The address that a signed identity vouches for.
ALTER TABLE customer ADD COLUMN verified_email TEXT;
UPDATE customer SET verified_email = CASE WHEN record LIKE '%"verified":true%' AND record NOT LIKE '%\\u0000%'
    THEN lower(record::json ->> 'email') END;
CREATE INDEX customer_verified_email ON customer (verified_email) WHERE verified_email IS NOT NULL;

-- What humans are asked to approve; derived from the conversation.
CREATE TABLE approval (
    conversation TEXT NOT NULL,
    seq BIGINT NOT NULL,
    asked_at BIGINT NOT NULL,
    PRIMARY KEY (conversation, seq)
);
CREATE INDEX approval_by_time ON approval (asked_at, conversation, seq);

-- What the bot did by itself about an intent, and what turned out to be wrong with it.
CREATE TABLE mark (
    conversation TEXT NOT NULL,
    seq BIGINT NOT NULL,
    intent TEXT NOT NULL,
    failed BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (conversation, seq)
);
CREATE INDEX mark_by_intent ON mark (intent, at);

-- When a demotion was lifted: what was wrong before counts no more.
CREATE TABLE lifted (
    intent TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL
);

-- How often each rule has fired.
CREATE TABLE rule_hit (
    rule_id TEXT NOT NULL PRIMARY KEY,
    hits BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);
