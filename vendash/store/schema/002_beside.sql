-- Ours, beside the original's tables. Other programs write there with plain SQL, so triggers and
-- indexes use nothing but what every SQLite has.

-- The order of the lists, and the matrix of VENs and decisions.
CREATE INDEX vendash_by_ven ON resources(ven, registration_status, resource_name COLLATE NOCASE);
CREATE INDEX vendash_by_status ON resources(registration_status, resource_name COLLATE NOCASE);

-- Rows whose derived facts have to be made again, by the next of our programs that looks.
CREATE TABLE vendash_stale (key INTEGER PRIMARY KEY);

-- Derived from a row of resources. Sums of power read the index alone.
CREATE TABLE vendash_facts (
    key INTEGER PRIMARY KEY,          -- resources.id
    revision INTEGER NOT NULL DEFAULT 1,
    p_max_kw REAL NOT NULL,
    ven TEXT NOT NULL,                -- as lists show it
    ven_key TEXT NOT NULL,            -- folded
    sub_type_key TEXT NOT NULL,       -- folded
    search TEXT NOT NULL              -- folded: name, address, meter point, sub type, VEN
);
CREATE INDEX vendash_power_by_ven ON vendash_facts(ven, p_max_kw);

CREATE TABLE vendash_settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE vendash_vtns (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL UNIQUE,         -- '' until the first one is named
    dialect TEXT NOT NULL DEFAULT ''
);
INSERT INTO vendash_vtns (id, url) VALUES (1, '');
INSERT INTO vendash_settings (name, value) VALUES ('vtn', '1');

-- What the current VTN holds of a resource, and whether it should.
CREATE TABLE vendash_observations (
    key INTEGER PRIMARY KEY,          -- resources.id
    resource_id TEXT NOT NULL,
    wanted INTEGER NOT NULL,
    remote_id TEXT,
    accepted_revision INTEGER,        -- of vendash_facts.revision
    told TEXT,                        -- the decision that went with it
    state TEXT NOT NULL,
    doubtful INTEGER NOT NULL DEFAULT 0,  -- a request may have arrived: look up before sending
    error TEXT NOT NULL DEFAULT '',
    http_status INTEGER
);
CREATE INDEX vendash_due ON vendash_observations(key)
    WHERE state = 'waiting' OR state = 'sending';
CREATE INDEX vendash_trouble ON vendash_observations(state)
    WHERE state = 'conflict' OR state = 'failed' OR state = 'different';

-- The same for VTNs that are not the current one, and for resources that are gone from here.
CREATE TABLE vendash_elsewhere (
    vtn INTEGER NOT NULL,
    resource_id TEXT NOT NULL,
    wanted INTEGER NOT NULL,
    remote_id TEXT,
    accepted_revision INTEGER,
    told TEXT,
    state TEXT NOT NULL,
    doubtful INTEGER NOT NULL,
    error TEXT NOT NULL,
    http_status INTEGER,
    PRIMARY KEY (vtn, resource_id)
) WITHOUT ROWID;

CREATE TABLE vendash_vens (
    vtn INTEGER NOT NULL,
    name TEXT NOT NULL,
    client_id TEXT NOT NULL,
    wanted INTEGER NOT NULL,
    remote_id TEXT,
    state TEXT NOT NULL,
    doubtful INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    http_status INTEGER,
    PRIMARY KEY (vtn, name)
) WITHOUT ROWID;

-- The audit log: a header per action, chained by hash over the digest of its items.
CREATE TABLE vendash_actions (
    sequence INTEGER PRIMARY KEY,
    at TEXT NOT NULL,                 -- UTC, ISO 8601
    actor TEXT NOT NULL,
    verb TEXT NOT NULL,
    reason TEXT NOT NULL,
    subject TEXT NOT NULL,
    count INTEGER NOT NULL,
    undoes INTEGER,
    items_digest TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX vendash_undone ON vendash_actions(undoes) WHERE undoes IS NOT NULL;
CREATE TABLE vendash_items (
    sequence INTEGER NOT NULL,
    key INTEGER NOT NULL,
    resource_id TEXT NOT NULL,
    name TEXT NOT NULL,
    ven TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    PRIMARY KEY (sequence, key)
) WITHOUT ROWID;
CREATE INDEX vendash_history ON vendash_items(key, sequence);

-- OR IGNORE would not do: a conflict clause of the outer statement overrides the trigger's own.
-- INSERT ... SELECT ... WHERE NOT EXISTS, like IN with three values, would make a temporary table
-- for every row.
CREATE TRIGGER vendash_inserted AFTER INSERT ON resources
WHEN NOT EXISTS (SELECT 1 FROM vendash_stale WHERE key = NEW.id)
BEGIN
    INSERT INTO vendash_stale (key) VALUES (NEW.id);
END;

CREATE TRIGGER vendash_deleted AFTER DELETE ON resources
WHEN NOT EXISTS (SELECT 1 FROM vendash_stale WHERE key = OLD.id)
BEGIN
    INSERT INTO vendash_stale (key) VALUES (OLD.id);
END;

CREATE TRIGGER vendash_renumbered AFTER UPDATE OF id ON resources
WHEN OLD.id <> NEW.id AND NOT EXISTS (SELECT 1 FROM vendash_stale WHERE key = OLD.id)
BEGIN
    INSERT INTO vendash_stale (key) VALUES (OLD.id);
END;

CREATE TRIGGER vendash_changed AFTER UPDATE OF
    id, resource_id, resource_name, resource_type, resource_sub_type, meter_point_id, capacities,
    location, address, ven
ON resources
WHEN (OLD.id IS NOT NEW.id
    OR OLD.resource_id IS NOT NEW.resource_id
    OR OLD.resource_name IS NOT NEW.resource_name
    OR OLD.resource_type IS NOT NEW.resource_type
    OR OLD.resource_sub_type IS NOT NEW.resource_sub_type
    OR OLD.meter_point_id IS NOT NEW.meter_point_id
    OR OLD.capacities IS NOT NEW.capacities
    OR OLD.location IS NOT NEW.location
    OR OLD.address IS NOT NEW.address
    OR OLD.ven IS NOT NEW.ven)
    AND NOT EXISTS (SELECT 1 FROM vendash_stale WHERE key = NEW.id)
BEGIN
    INSERT INTO vendash_stale (key) VALUES (NEW.id);
END;

-- A decision, whoever takes it, is told to the VTN that holds the resource.
CREATE TRIGGER vendash_decided AFTER UPDATE OF registration_status ON resources
WHEN OLD.registration_status IS NOT NEW.registration_status
BEGIN
    UPDATE vendash_observations SET state = 'waiting'
    WHERE key = NEW.id AND state <> 'waiting' AND state <> 'sending';
END;

-- Nothing is known yet of the rows that are here.
INSERT INTO vendash_stale (key) SELECT id FROM resources;
