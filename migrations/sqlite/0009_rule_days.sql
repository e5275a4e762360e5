-- How often each rule has fired on each day (UTC), for as long as overviews look back; rule_hit has the whole.
CREATE TABLE rule_day (
    rule_id TEXT NOT NULL,
    day INTEGER NOT NULL, -- days since 1970
    hits INTEGER NOT NULL,
    PRIMARY KEY (rule_id, day)
) STRICT, WITHOUT ROWID;
