-- What playbooks wait for that happens outside; derived from the conversation.
CREATE TABLE awaited (
    conversation TEXT NOT NULL REFERENCES conversation (id),
    name TEXT NOT NULL,
    about TEXT NOT NULL,
    PRIMARY KEY (conversation, name, about)
);
CREATE INDEX awaited_by_event ON awaited (name, about);

-- Which conversations a ticket stands for.
CREATE TABLE holder (
    number TEXT COLLATE "C" NOT NULL,
    conversation TEXT NOT NULL,
    PRIMARY KEY (number, conversation)
);

-- Matters of many conversations, while their one ticket is being opened or is open.
CREATE TABLE incident (
    key TEXT NOT NULL PRIMARY KEY,
    conversation TEXT NOT NULL, -- the effect that opens the ticket
    seq BIGINT NOT NULL,
    ticket TEXT, -- JSON; nothing while it is being opened
    number TEXT,
    opened_at BIGINT NOT NULL
);
CREATE INDEX incident_by_number ON incident (number) WHERE number IS NOT NULL;

-- Intents that may do less by themselves than their policy says.
CREATE TABLE automation_level (
    intent TEXT NOT NULL PRIMARY KEY,
    level TEXT NOT NULL,
    because TEXT NOT NULL,
    at BIGINT NOT NULL
);
