-- 'CSgr': a registry of Countersign.
PRAGMA application_id = 0x43536772;

CREATE TABLE clients (
    client_id                 TEXT    NOT NULL PRIMARY KEY,
    metadata                  TEXT    NOT NULL, -- JSON, by the names of RFC 7591
    registration_access_token BLOB    CHECK (length(registration_access_token) = 32), -- SHA-256
    slow_hashes               TEXT,             -- what each slow hash of a secret costs; NULL without one
    revision                  INTEGER NOT NULL  -- another one after each write
) STRICT;

CREATE INDEX clients_by_slow_hashes ON clients (slow_hashes, client_id) WHERE slow_hashes IS NOT NULL;

-- One row. `version` counts changes. A file has one writer at a time, so that a version is given out in the order of
-- commits. `forgotten` is the last change that is not in the log any more.
CREATE TABLE registry (
    store     INTEGER NOT NULL,
    version   INTEGER NOT NULL,
    forgotten INTEGER NOT NULL
) STRICT;

INSERT INTO registry (store, version, forgotten) VALUES (random(), 0, 0);

-- Which clients were added, changed or removed; written by triggers, so that a change made by hand is in it too.
CREATE TABLE changes (
    version   INTEGER NOT NULL PRIMARY KEY,
    client_id TEXT    NOT NULL,
    at        INTEGER NOT NULL -- Unix seconds
) STRICT;

CREATE TRIGGER client_added AFTER INSERT ON clients BEGIN
    UPDATE registry SET version = version + 1;
    INSERT INTO changes (version, client_id, at) SELECT version, new.client_id, unixepoch() FROM registry;
END;

CREATE TRIGGER client_changed AFTER UPDATE ON clients BEGIN
    UPDATE registry SET version = version + 1;
    INSERT INTO changes (version, client_id, at) SELECT version, new.client_id, unixepoch() FROM registry;
END;

CREATE TRIGGER client_renamed AFTER UPDATE OF client_id ON clients WHEN old.client_id <> new.client_id BEGIN
    UPDATE registry SET version = version + 1;
    INSERT INTO changes (version, client_id, at) SELECT version, old.client_id, unixepoch() FROM registry;
END;

CREATE TRIGGER client_removed AFTER DELETE ON clients BEGIN
    UPDATE registry SET version = version + 1;
    INSERT INTO changes (version, client_id, at) SELECT version, old.client_id, unixepoch() FROM registry;
END;

-- Each change takes out up to a hundred that are older than ten minutes.
CREATE TRIGGER change_logged AFTER INSERT ON changes
WHEN (SELECT at FROM changes ORDER BY version LIMIT 1) < new.at - 600 BEGIN
    UPDATE registry SET forgotten = (
        SELECT max(version) FROM (SELECT version, at FROM changes ORDER BY version LIMIT 100) WHERE at < new.at - 600
    );
    DELETE FROM changes WHERE version <= (SELECT forgotten FROM registry);
END;
