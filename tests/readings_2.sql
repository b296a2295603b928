BEGIN TRANSACTION;
CREATE TABLE committed (               -- what was ever committed, also after its rows are pruned
    stream INTEGER NOT NULL REFERENCES stream,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (stream, first)
) WITHOUT ROWID;
INSERT INTO "committed" VALUES(1,1,24);
CREATE TABLE correction (              -- of the occupancy: by a rule or by staff
    station INTEGER NOT NULL REFERENCES station,
    at_ms INTEGER NOT NULL,
    reason TEXT NOT NULL,
    before INTEGER NOT NULL,
    after INTEGER NOT NULL,
    PRIMARY KEY (station, at_ms)
) WITHOUT ROWID;
CREATE TABLE dead_letter (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_ms INTEGER NOT NULL,
    topic TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    stream TEXT,
    seq INTEGER,
    payload BLOB NOT NULL
);
CREATE TABLE info (
    station INTEGER PRIMARY KEY REFERENCES station,
    body TEXT NOT NULL
);
CREATE TABLE layout (                  -- which units the values in snapshot.units belong to
    no INTEGER PRIMARY KEY,
    body TEXT NOT NULL UNIQUE
);
INSERT INTO "layout" VALUES(1,'[["front"],true,[["a1","usb"]],[]]');
CREATE TABLE occupancy (               -- the state after the last snapshot of an hour, to go on from
    station INTEGER NOT NULL REFERENCES station,
    hour INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (station, hour)
) WITHOUT ROWID;
INSERT INTO "occupancy" VALUES(1,488889,'{"at_ms":1760003100000,"totals":[["front",6,3]],"balance":3,"visits":6,"exits":3,"estimated":true,"crossed_at_ms":1760003100000,"motion_at_ms":1760003099000,"quiet_since_ms":1760003100000,"has_motion":true}');
INSERT INTO "occupancy" VALUES(1,488890,'{"at_ms":1760006700000,"totals":[["front",14,7]],"balance":7,"visits":14,"exits":7,"estimated":true,"crossed_at_ms":1760006700000,"motion_at_ms":1760006699000,"quiet_since_ms":1760006700000,"has_motion":true}');
INSERT INTO "occupancy" VALUES(1,488891,'{"at_ms":1760010300000,"totals":[["front",22,11]],"balance":11,"visits":22,"exits":11,"estimated":true,"crossed_at_ms":1760010300000,"motion_at_ms":1760010299000,"quiet_since_ms":1760010300000,"has_motion":true}');
INSERT INTO "occupancy" VALUES(1,488892,'{"at_ms":1760013900000,"totals":[["front",30,15]],"balance":15,"visits":30,"exits":15,"estimated":true,"crossed_at_ms":1760013900000,"motion_at_ms":1760013899000,"quiet_since_ms":1760013900000,"has_motion":true}');
INSERT INTO "occupancy" VALUES(1,488893,'{"at_ms":1760017500000,"totals":[["front",38,19]],"balance":19,"visits":38,"exits":19,"estimated":true,"crossed_at_ms":1760017500000,"motion_at_ms":1760017499000,"quiet_since_ms":1760017500000,"has_motion":true}');
CREATE TABLE snapshot (                -- id counts commits: followers use it as their cursor
    id INTEGER PRIMARY KEY,
    station INTEGER NOT NULL REFERENCES station,
    at_ms INTEGER NOT NULL,
    received_after_ms INTEGER NOT NULL,   -- received - at
    stream INTEGER NOT NULL REFERENCES stream,
    seq INTEGER NOT NULL,
    digest INTEGER NOT NULL,              -- CRC-32 of the bytes as they came, signed
    flags INTEGER NOT NULL,               -- 1 unsynced, 2 estimated, 4 dated on receiving, 8 units are whole
    mono_ms INTEGER NOT NULL,
    climate_ago_ms INTEGER,               -- at - climate.at; null: no climate
    temperature_c REAL,
    humidity_pct REAL,
    co2_ppm REAL,
    units BLOB,                           -- see packing.py; null: as in the row before in time
    health TEXT                           -- JSON, every ten minutes
);
INSERT INTO "snapshot" VALUES(1,1,1760000400000,100,1,1,0,8,1,0,21.0,NULL,NULL,X'9C010000C2C0C0CD03E8C300CD1388C090','{"outbox_rows":1,"dropped_total":2,"uptime_s":3,"refused_total":0,"cpu_c":null,"undervoltage":null,"disk_free_pct":null}');
INSERT INTO "snapshot" VALUES(2,1,1760001300000,100,1,2,1,0,900001,0,22.0,NULL,NULL,X'980002010105CD03E808CD1388',NULL);
INSERT INTO "snapshot" VALUES(3,1,1760002200000,100,1,3,2,0,1800001,0,23.0,NULL,NULL,X'980004010205CD03E808CD1388',NULL);
INSERT INTO "snapshot" VALUES(4,1,1760003100000,100,1,4,3,0,2700001,0,24.0,NULL,NULL,X'980006010305CD03E808CD1388',NULL);
INSERT INTO "snapshot" VALUES(5,1,1760004000000,100,1,5,4,8,3600001,0,25.0,NULL,NULL,X'9C010804C2C0C0CD03E8C300CD1388C090','{"outbox_rows":1,"dropped_total":2,"uptime_s":3,"refused_total":0,"cpu_c":null,"undervoltage":null,"disk_free_pct":null}');
INSERT INTO "snapshot" VALUES(6,1,1760004900000,100,1,6,5,0,4500001,0,21.0,NULL,NULL,X'98000A010505CD03E808CD1388',NULL);
INSERT INTO "snapshot" VALUES(7,1,1760005800000,100,1,7,6,0,5400001,0,22.0,NULL,NULL,X'98000C010605CD03E808CD1388',NULL);
INSERT INTO "snapshot" VALUES(8,1,1760006700000,100,1,8,7,0,6300001,0,23.0,NULL,NULL,X'98000E010705CD03E808CD1388',NULL);
INSERT INTO "snapshot" VALUES(9,1,1760007600000,100,1,9,8,8,7200001,0,24.0,NULL,NULL,X'9C011008C2C0C0CD03E8C300CD1388C090','{"outbox_rows":1,"dropped_total":2,"uptime_s":3,"refused_total":0,"cpu_c":null,"undervoltage":null,"disk_free_pct":null}');
INSERT INTO "snapshot" VALUES(10,1,1760008500000,100,1,10,9,0,8100001,0,25.0,NULL,NULL,X'980012010905CD03E808CD1388',NULL);
INSERT INTO "snapshot" VALUES(11,1,1760009400000,100,1,11,10,0,9000001,0,21.0,NULL,NULL,X'980014010A05CD03E808CD1388',NULL);
INSERT INTO "snapshot" VALUES(12,1,1760010300000,100,1,12,11,0,9900001,0,22.0,NULL,NULL,X'980016010B05CD03E808CD1388',NULL);
INSERT INTO "snapshot" VALUES(13,1,1760011200000,100,1,13,12,8,10800001,0,23.0,NULL,NULL,X'9C01180CC2C0C0CD03E8C300CD1388C090','{"outbox_rows":1,"dropped_total":2,"uptime_s":3,"refused_total":0,"cpu_c":null,"undervoltage":null,"disk_free_pct":null}');
INSERT INTO "snapshot" VALUES(14,1,1760012100000,100,1,14,13,0,11700001,0,24.0,NULL,NULL,X'98001A010D05CD03E808CD1388',NULL);
INSERT INTO "snapshot" VALUES(15,1,1760013000000,100,1,15,14,0,12600001,0,25.0,NULL,NULL,X'98001C010E05CD03E808CD1388',NULL);
INSERT INTO "snapshot" VALUES(16,1,1760013900000,100,1,16,15,0,13500001,0,21.0,NULL,NULL,X'98001E010F05CD03E808CD1388',NULL);
INSERT INTO "snapshot" VALUES(17,1,1760014800000,100,1,17,16,8,14400001,0,22.0,NULL,NULL,X'9C012010C2C0C0CD03E8C300CD1388C090','{"outbox_rows":1,"dropped_total":2,"uptime_s":3,"refused_total":0,"cpu_c":null,"undervoltage":null,"disk_free_pct":null}');
INSERT INTO "snapshot" VALUES(18,1,1760015700000,100,1,18,17,0,15300001,0,23.0,NULL,NULL,X'980022011105CD03E808CD1388',NULL);
INSERT INTO "snapshot" VALUES(19,1,1760016600000,100,1,19,18,0,16200001,0,24.0,NULL,NULL,X'980024011205CD03E808CD1388',NULL);
INSERT INTO "snapshot" VALUES(20,1,1760017500000,100,1,20,19,0,17100001,0,25.0,NULL,NULL,X'980026011305CD03E808CD1388',NULL);
INSERT INTO "snapshot" VALUES(21,1,1760018400000,100,1,21,20,8,18000001,0,21.0,NULL,NULL,X'9C012814C2C0C0CD03E8C300CD1388C090','{"outbox_rows":1,"dropped_total":2,"uptime_s":3,"refused_total":0,"cpu_c":null,"undervoltage":null,"disk_free_pct":null}');
INSERT INTO "snapshot" VALUES(22,1,1760019300000,100,1,22,21,0,18900001,0,22.0,NULL,NULL,X'98002A011505CD03E808CD1388',NULL);
INSERT INTO "snapshot" VALUES(23,1,1760020200000,100,1,23,22,0,19800001,0,23.0,NULL,NULL,X'98002C011605CD03E808CD1388',NULL);
INSERT INTO "snapshot" VALUES(24,1,1760021100000,100,1,24,23,0,20700001,0,24.0,NULL,NULL,X'98002E011705CD03E808CD1388',NULL);
CREATE TABLE staff_count (             -- how many staff found inside; a part of the row of observations
    station INTEGER NOT NULL REFERENCES station,
    at_ms INTEGER NOT NULL,
    people INTEGER NOT NULL,
    login TEXT NOT NULL,                  -- of whoever counted
    PRIMARY KEY (station, at_ms)
) WITHOUT ROWID;
CREATE TABLE station (
    no INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE
);
INSERT INTO "station" VALUES(1,'canteen');
CREATE TABLE stream (                  -- one start of an agent
    no INTEGER PRIMARY KEY,
    station INTEGER NOT NULL REFERENCES station,
    name TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    UNIQUE (station, name)
);
INSERT INTO "stream" VALUES(1,1,'00000000000000aa','6fd1c0de-1111-2222-3333-444455556666');
CREATE INDEX snapshot_by_time ON snapshot (station, at_ms);
CREATE INDEX snapshot_with_health ON snapshot (station, at_ms) WHERE health IS NOT NULL;
DELETE FROM "sqlite_sequence";
COMMIT;
PRAGMA user_version = 2;
