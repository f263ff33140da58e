-- The two tables and four indexes of the original sample client, as it makes them itself.
CREATE TABLE IF NOT EXISTS connections (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL,
    actortype TEXT NOT NULL,
    host TEXT,
    port INTEGER,
    topic TEXT,
    file TEXT,
    username TEXT,
    password TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE IF NOT EXISTS resources (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    resource_id TEXT UNIQUE NOT NULL,
    resource_name TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    resource_sub_type TEXT,
    meter_point_id TEXT NOT NULL,
    connection_id INTEGER NOT NULL,
    capacities TEXT NOT NULL,
    location TEXT NOT NULL,
    address TEXT,
    ven TEXT,
    enabled BOOLEAN DEFAULT 1,
    reporting TEXT,
    registration_status TEXT DEFAULT 'PENDING',
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    FOREIGN KEY (connection_id) REFERENCES connections(id)
);

CREATE INDEX IF NOT EXISTS idx_resource_id ON resources(resource_id);
CREATE INDEX IF NOT EXISTS idx_meter_point_id ON resources(meter_point_id);
CREATE INDEX IF NOT EXISTS idx_resource_type ON resources(resource_type);
CREATE INDEX IF NOT EXISTS idx_ven ON resources(ven);
