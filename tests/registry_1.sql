BEGIN TRANSACTION;
CREATE TABLE networks (
	id TEXT NOT NULL, 
	name_zh TEXT NOT NULL, 
	name_en TEXT NOT NULL, 
	parent TEXT, 
	declared INTEGER, 
	declared_qualifier TEXT NOT NULL, 
	declared_as_of TEXT NOT NULL, 
	time_zone TEXT NOT NULL, 
	summer JSON NOT NULL, 
	winter JSON NOT NULL, 
	standards JSON NOT NULL, 
	thresholds JSON NOT NULL, 
	simulated BOOLEAN NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(parent) REFERENCES networks (id) DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO "networks" VALUES('taiyuan','太原市','Taiyuan',NULL,2080,'超','2025-03','Asia/Shanghai','[6, 8]','[11, 3]','[{"name": "\u5341\u6709", "items": ["\u7a7a\u8c03", "\u996e\u6c34\u673a"]}, {"name": "\u516b\u53ef", "items": ["\u70ed\u53ef\u7eb3\u51c9"]}]','{"busy_pct": 40, "crowded_pct": 80, "full_pct": 100, "crowding_hysteresis_pct": 5, "crowding_hold_ms": 180000, "cool_max_c": 28, "mild_max_c": 30, "hot_heat_index_c": 32, "warm_min_c": 18, "cold_below_c": 14, "comfort_hysteresis_c": 0.5, "fresh_ms": 240000, "offline_ms": 600000, "closing_soon_ms": 1800000, "evidence_ms": 600000, "full_soc_pct": 95, "overheat_c": 60, "riding_kmh": 18, "detour": 1.3, "crowded_penalty_min": 5, "full_penalty_min": 15, "discomfort_penalty_min": 10, "unknown_penalty_min": 3, "missing_penalty_min": 20}',1);
INSERT INTO "networks" VALUES('xiaodian','小店区','Xiaodian','taiyuan',NULL,'','','Asia/Shanghai','[5, 9]','[11, 3]','[]','{"busy_pct": 50, "crowded_pct": 80, "full_pct": 100, "crowding_hysteresis_pct": 5, "crowding_hold_ms": 180000, "cool_max_c": 28, "mild_max_c": 30, "hot_heat_index_c": 32, "warm_min_c": 18, "cold_below_c": 14, "comfort_hysteresis_c": 0.5, "fresh_ms": 300000, "offline_ms": 600000, "closing_soon_ms": 1800000, "evidence_ms": 600000, "full_soc_pct": 95, "overheat_c": 60, "riding_kmh": 18, "detour": 1.3, "crowded_penalty_min": 5, "full_penalty_min": 15, "discomfort_penalty_min": 10, "unknown_penalty_min": 3, "missing_penalty_min": 20}',0);
CREATE TABLE stations (
	id TEXT NOT NULL, 
	network TEXT NOT NULL, 
	name_zh TEXT NOT NULL, 
	name_en TEXT NOT NULL, 
	aliases JSON NOT NULL, 
	region JSON NOT NULL, 
	lat FLOAT, 
	lon FLOAT, 
	places INTEGER, 
	area_m2 FLOAT, 
	area_qualifier TEXT NOT NULL, 
	hours TEXT NOT NULL, 
	host_kind TEXT NOT NULL, 
	amenities JSON NOT NULL, 
	instrumented BOOLEAN NOT NULL, 
	thresholds JSON, 
	PRIMARY KEY (id), 
	FOREIGN KEY(network) REFERENCES networks (id)
);
INSERT INTO "stations" VALUES('jiajie-1','xiaodian','锦小牛·同心小站','Jiajie','["\u201c\u5954\u8dd1\u8005\u201d\u9a7f\u7ad9", "=HYPERLINK(1)"]','["\u5c71\u897f", "\u592a\u539f", "\u5c0f\u5e97\u533a"]',37.7363,112.5656,16,27.0,'约','Mo-Su 06:00-22:00','党群服务中心','["\u7a7a\u8c03", "wifi"]',1,'{"busy_pct": 50, "crowded_pct": 70, "full_pct": 100, "crowding_hysteresis_pct": 5, "crowding_hold_ms": 180000, "cool_max_c": 28, "mild_max_c": 30, "hot_heat_index_c": 32, "warm_min_c": 18, "cold_below_c": 14, "comfort_hysteresis_c": 0.5, "fresh_ms": 300000, "offline_ms": 600000, "closing_soon_ms": 1800000, "evidence_ms": 600000, "full_soc_pct": 95, "overheat_c": 60, "riding_kmh": 18, "detour": 1.3, "crowded_penalty_min": 5, "full_penalty_min": 15, "discomfort_penalty_min": 10, "unknown_penalty_min": 3, "missing_penalty_min": 20}');
INSERT INTO "stations" VALUES('plain','taiyuan','<script>alert(1)</script>','','[]','[]',NULL,NULL,NULL,NULL,'','','','[]',0,NULL);
CREATE INDEX ix_stations_network ON stations (network);
COMMIT;
PRAGMA user_version = 1;
