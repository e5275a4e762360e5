-- When the try under way began, and when the last one began of which nobody could know what had come of it.
ALTER TABLE outbox ADD COLUMN began BIGINT;
ALTER TABLE outbox ADD COLUMN tried BIGINT;
-- Dead letters: state 'dead'. They stay until somebody has them tried again or gives them up.
ALTER TABLE outbox ADD COLUMN died_at BIGINT;
ALTER TABLE outbox ADD COLUMN redriven BIGINT NOT NULL DEFAULT 0;
CREATE INDEX outbox_dead ON outbox (died_at, conversation, seq) WHERE state = 'dead';

-- Who has the ticket, and the same ticket in a system of somebody else's.
ALTER TABLE ticket ADD COLUMN assignee TEXT;
ALTER TABLE ticket ADD COLUMN system TEXT;
ALTER TABLE ticket ADD COLUMN remote TEXT;
ALTER TABLE ticket ADD COLUMN remote_number TEXT;
ALTER TABLE ticket ADD COLUMN remote_url TEXT;
ALTER TABLE ticket ADD COLUMN remote_status TEXT; -- where it stood there when that was last heard
ALTER TABLE ticket ADD COLUMN asked_at BIGINT; -- when that system was last asked where it stands
CREATE INDEX ticket_by_remote ON ticket (system, remote) WHERE remote IS NOT NULL;

-- What was done to a ticket, and by whom.
CREATE TABLE ticket_entry (
    number BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    once TEXT, -- the same comment again changes nothing
    PRIMARY KEY (number, seq),
    UNIQUE (number, once)
);
