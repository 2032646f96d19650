CREATE TABLE countersign_clients (
    client_id                 text   COLLATE "C" PRIMARY KEY,
    -- By the names of RFC 7591. Not jsonb, which cannot hold every string of JSON.
    metadata                  json   NOT NULL,
    -- SHA-256.
    registration_access_token bytea  CHECK (octet_length(registration_access_token) = 32),
    -- What each slow hash of a secret costs; NULL without one.
    slow_hashes               text   COLLATE "C",
    -- Another one after each write. A sequence is never set back, so no client gets one that it had before.
    revision                  bigint NOT NULL
);

CREATE SEQUENCE countersign_revisions OWNED BY countersign_clients.revision;
ALTER TABLE countersign_clients ALTER COLUMN revision SET DEFAULT nextval('countersign_revisions');

CREATE INDEX countersign_clients_by_slow_hashes
    ON countersign_clients (slow_hashes, client_id) WHERE slow_hashes IS NOT NULL;

-- One row. `version` counts changes, and is raised in the transaction of the change: its row is locked from then until
-- the commit, so whoever sees a version sees every change up to it. A sequence would not do: it hands out 7 and 8, 8
-- commits first, and who has seen 8 never asks for 7.
-- `forgotten` is the last change that is not in the log any more.
CREATE TABLE countersign_registry (
    store     bigint NOT NULL,
    version   bigint NOT NULL,
    forgotten bigint NOT NULL
);

INSERT INTO countersign_registry (store, version, forgotten) VALUES ((random() * 9e18)::bigint, 0, 0);

-- Which clients were added, changed or removed; written by triggers, so that a change made by hand is in it too.
CREATE TABLE countersign_changes (
    version   bigint      NOT NULL,
    client_id text        COLLATE "C" NOT NULL,
    at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (version, client_id)
);

CREATE FUNCTION countersign_log_changes() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    changed text[];
    changed_version bigint;
    old_version bigint;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(client_id) INTO changed FROM (SELECT client_id FROM added LIMIT 1001) AS few;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(client_id) INTO changed FROM (SELECT client_id FROM removed LIMIT 1001) AS few;
    ELSIF TG_OP = 'UPDATE' THEN
        SELECT array_agg(client_id) INTO changed
        FROM (SELECT client_id FROM removed UNION SELECT client_id FROM added LIMIT 1001) AS few;
    END IF;
    IF changed IS NULL AND TG_OP <> 'TRUNCATE' THEN
        RETURN NULL;
    END IF;

    UPDATE countersign_registry SET version = version + 1 RETURNING version INTO changed_version;
    IF TG_OP = 'TRUNCATE' OR cardinality(changed) > 1000 THEN
        UPDATE countersign_registry SET forgotten = changed_version;
    ELSE
        INSERT INTO countersign_changes (version, client_id) SELECT changed_version, unnest(changed);
    END IF;

    -- Each change takes out some that are older than ten minutes.
    SELECT max(version) INTO old_version
    FROM (SELECT version, at FROM countersign_changes ORDER BY version LIMIT 1000) AS oldest
    WHERE at < now() - interval '10 minutes';
    IF old_version IS NOT NULL THEN
        UPDATE countersign_registry SET forgotten = greatest(forgotten, old_version);
        DELETE FROM countersign_changes WHERE version <= old_version;
    END IF;

    NOTIFY countersign_clients;
    RETURN NULL;
END
$$;

CREATE TRIGGER countersign_clients_added AFTER INSERT ON countersign_clients
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION countersign_log_changes();
CREATE TRIGGER countersign_clients_changed AFTER UPDATE ON countersign_clients
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION countersign_log_changes();
CREATE TRIGGER countersign_clients_removed AFTER DELETE ON countersign_clients
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION countersign_log_changes();
CREATE TRIGGER countersign_clients_emptied AFTER TRUNCATE ON countersign_clients
    FOR EACH STATEMENT EXECUTE FUNCTION countersign_log_changes();
