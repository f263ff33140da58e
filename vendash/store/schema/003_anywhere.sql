-- Any VTN, exactly once: when a row became due, under which VEN it is held, what the VTN said of
-- its age, what was asked of a VTN that decides itself, and where the VTN holds something else.

-- since: Unix time with fractions. While waiting or sending: of the last change that made the row
-- due; in any other state: when it got there. 0 is unknown.
-- held_under: the VTN's id of the VEN under which the resource is, or may be, there.
-- requested: the decision asked of a VTN that decides itself; asked: the one that it was told of.
ALTER TABLE vendash_observations ADD COLUMN since REAL NOT NULL DEFAULT 0;
ALTER TABLE vendash_observations ADD COLUMN held_under TEXT;
ALTER TABLE vendash_observations ADD COLUMN stamp TEXT NOT NULL DEFAULT '';
ALTER TABLE vendash_observations ADD COLUMN requested TEXT;
ALTER TABLE vendash_observations ADD COLUMN asked TEXT;

ALTER TABLE vendash_elsewhere ADD COLUMN since REAL NOT NULL DEFAULT 0;
ALTER TABLE vendash_elsewhere ADD COLUMN held_under TEXT;
ALTER TABLE vendash_elsewhere ADD COLUMN stamp TEXT NOT NULL DEFAULT '';
ALTER TABLE vendash_elsewhere ADD COLUMN requested TEXT;
ALTER TABLE vendash_elsewhere ADD COLUMN asked TEXT;
ALTER TABLE vendash_elsewhere ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE vendash_elsewhere ADD COLUMN ven TEXT NOT NULL DEFAULT '';

-- lost_id: the id it had when the VTN was found not to know it any more.
-- losses: how often in a row that happened without a resource being accepted in between.
ALTER TABLE vendash_vens ADD COLUMN since REAL NOT NULL DEFAULT 0;
ALTER TABLE vendash_vens ADD COLUMN stamp TEXT NOT NULL DEFAULT '';
ALTER TABLE vendash_vens ADD COLUMN lost_id TEXT;
ALTER TABLE vendash_vens ADD COLUMN losses INTEGER NOT NULL DEFAULT 0;

UPDATE vendash_observations SET held_under = (
    SELECT v.remote_id FROM resources r JOIN vendash_vens v ON v.name = r.ven
    WHERE r.id = vendash_observations.key
    AND v.vtn = (SELECT CAST(value AS INTEGER) FROM vendash_settings WHERE name = 'vtn')
) WHERE remote_id IS NOT NULL OR doubtful;
UPDATE vendash_elsewhere SET held_under = (
    SELECT v.remote_id FROM resources r JOIN vendash_vens v ON v.name = r.ven
    WHERE r.resource_id = vendash_elsewhere.resource_id AND v.vtn = vendash_elsewhere.vtn
) WHERE remote_id IS NOT NULL OR doubtful;

-- The oldest change leaves first.
DROP INDEX vendash_due;
CREATE INDEX vendash_due ON vendash_observations(since)
    WHERE state = 'waiting' OR state = 'sending';
CREATE INDEX vendash_leaving ON vendash_observations(key) WHERE NOT wanted;
CREATE INDEX vendash_held_under ON vendash_observations(held_under)
    WHERE held_under IS NOT NULL;
CREATE INDEX vendash_left_under ON vendash_elsewhere(vtn, held_under);

-- Objects at a VTN that have to go from there and that no resource or VEN of ours stands for.
CREATE TABLE vendash_removals (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    vtn INTEGER NOT NULL,
    what TEXT NOT NULL,               -- ven or resource
    name TEXT NOT NULL,               -- as the VTN knows it
    ven TEXT NOT NULL DEFAULT '',
    held_under TEXT,
    remote_id TEXT,
    doubtful INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'waiting',
    since REAL NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    http_status INTEGER
);
CREATE INDEX vendash_removed ON vendash_removals(vtn, what, name);

-- Where the VTN was found to hold something else, by the newest comparison that was finished.
CREATE TABLE vendash_drift (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    vtn INTEGER NOT NULL,
    kind TEXT NOT NULL,               -- only here, only there, different, double
    what TEXT NOT NULL,               -- ven or resource
    key INTEGER,                      -- resources.id
    name TEXT NOT NULL,               -- as the VTN knows it
    ven TEXT NOT NULL,
    ven_remote_id TEXT NOT NULL DEFAULT '',
    remote_id TEXT NOT NULL,
    fields TEXT NOT NULL,             -- JSON: [[field, ours, theirs]...]
    stamp TEXT NOT NULL,
    body TEXT NOT NULL,               -- what the VTN holds, as it sent it
    resource TEXT,                    -- JSON: what that says as a resource of ours
    found REAL NOT NULL,              -- when the comparison began, Unix time
    settled TEXT                      -- the operator's choice; NULL while there is none
);
CREATE INDEX vendash_drift_of ON vendash_drift(vtn, what, name);
CREATE INDEX vendash_drift_key ON vendash_drift(key) WHERE key IS NOT NULL;

-- A decision, whoever takes it, is told to the VTN that holds the resource; taken back before it
-- has left, there is nothing to tell.
DROP TRIGGER vendash_decided;
CREATE TRIGGER vendash_decided AFTER UPDATE OF registration_status ON resources
WHEN OLD.registration_status IS NOT NEW.registration_status
BEGIN
    UPDATE vendash_observations SET
        since = (julianday('now') - 2440587.5) * 86400.0,
        state = CASE
            WHEN state = 'sending' THEN 'sending'
            WHEN told = NEW.registration_status AND wanted AND NOT doubtful
                AND remote_id IS NOT NULL AND requested IS asked
                AND (state = 'waiting' OR state = 'ok' OR state = 'different')
                AND accepted_revision =
                    (SELECT revision FROM vendash_facts f WHERE f.key = NEW.id)
            THEN CASE WHEN EXISTS (SELECT 1 FROM vendash_drift d WHERE d.key = NEW.id
                AND (d.kind = 'different' OR d.kind = 'double') AND d.settled IS NULL AND d.vtn =
                    (SELECT CAST(value AS INTEGER) FROM vendash_settings WHERE name = 'vtn'))
                THEN 'different' ELSE 'ok' END
            ELSE 'waiting' END
    WHERE key = NEW.id;
END;
