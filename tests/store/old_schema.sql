-- The tables and indexes as an older release of the original makes them: no registration_status.
CREATE TABLE connections (
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
CREATE TABLE resources (
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
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    FOREIGN KEY (connection_id) REFERENCES connections(id)
);
CREATE INDEX idx_resource_id ON resources(resource_id);
CREATE INDEX idx_meter_point_id ON resources(meter_point_id);
CREATE INDEX idx_resource_type ON resources(resource_type);
CREATE INDEX idx_ven ON resources(ven);
