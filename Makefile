# `make` alone lists what there is. Everything runs in .venv, which is made on the way.

PYTHON ?= python3
STATIONS ?= 250
# Not taken from the environment, where many a shell has one for something else.
PORT =
KILLS ?= 200
SEED ?= 7
FRAMES ?= 1000000
BENCH ?=
# Tests wait a third of their time, for brokers, pages and clocks: three at a time for two cores.
JOBS := $(shell expr $$(nproc) + $$(nproc) / 2)
RUN := .venv/bin/python -m

export PYTHON

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

.PHONY: demo
demo: .venv/server.done ## five real networks on your machine: broker, server, STATIONS=250 simulated stations, PORT=8080
	@scripts/packages.sh mosquitto mosquitto-clients
	@exec .venv/bin/waystation demo --stations $(STATIONS) $(if $(PORT),--port $(PORT))

.PHONY: test
test: .venv/dev.done ## all tests, with a real broker, browser, InfluxDB and Prometheus, JOBS=3 files at a time
	@scripts/packages.sh mosquitto mosquitto-clients chromium fonts-noto-cjk openssl
	@scripts/unpack.sh .venv/debian prometheus prometheus-alertmanager influxdb victoria-metrics
	$(RUN) pytest --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder

.PHONY: influx
influx: .venv/dev.done ## prove it against an InfluxDB 2 of yours: INFLUX_URL=… INFLUX_TOKEN=… INFLUX_ORG=…
	@: "$${INFLUX_URL:?http://127.0.0.1:8086, say}" "$${INFLUX_TOKEN:?one that may make and drop buckets}" "$${INFLUX_ORG:?its name}"
	@scripts/unpack.sh .venv/debian influxdb victoria-metrics
	$(RUN) pytest -rs tests/server/influx/test_semantics.py tests/server/influx/test_roundtrip.py tests/grafana/test_dashboard_queries.py

.PHONY: check
check: .venv/dev.done ## format, lint, types, layers, links of the docs
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(RUN) pytest -q tests/test_layers.py tests/test_docs.py

.PHONY: format
format: .venv/dev.done ## write the code as `make check` wants it
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

.PHONY: bench
bench: .venv/dev.done ## the figures: throughput, latency, memory, disk, as a table with ratios; BENCH=--quick
	@scripts/packages.sh mosquitto mosquitto-clients chromium
	@scripts/unpack.sh .venv/debian influxdb
	$(RUN) scripts.bench $(BENCH)

.PHONY: faults
faults: .venv/dev.done ## kill broker, server and station at random, KILLS=200 SEED=7, and count what is lost
	@scripts/packages.sh mosquitto mosquitto-clients
	$(RUN) tests.faults --kills $(KILLS) --seed $(SEED)

.PHONY: fuzz
fuzz: .venv/dev.done ## broken frames at the swap cabinets' protocol, FRAMES=1000000 SEED=7: no crash, no growth
	$(RUN) scripts.fuzz_tower --frames $(FRAMES) --seed $(SEED)

.PHONY: homeassistant
homeassistant: .venv/homeassistant/done ## what the newest Home Assistant for your Python makes of a station; its installation takes minutes, once
	.venv/homeassistant/bin/python -m pytest -rs -o filterwarnings= tests/edge/test_in_home_assistant.py

.venv/homeassistant/done:
	$(PYTHON) -m venv .venv/homeassistant
	.venv/homeassistant/bin/python -m pip install --quiet homeassistant "paho-mqtt>=2" pytest hypothesis
	@touch $@

.PHONY: screenshots
screenshots: .venv/dev.done ## draw the pictures of the docs anew
	@scripts/packages.sh chromium fonts-noto-cjk
	$(RUN) scripts.screenshots

.PHONY: dashboards
dashboards: .venv/dev.done ## write Grafana's dashboards and the tables of their README anew from the code in grafana/
	$(RUN) grafana

.PHONY: lock
lock: .venv/dev.done ## write requirements/*.lock anew from pyproject.toml, keeping the versions they name
	scripts/lock.sh

.PHONY: upgrade
upgrade: .venv/dev.done ## the same, with the newest versions
	scripts/lock.sh --upgrade

.PHONY: clean
clean: ## remove .venv, caches and the demo's data
	rm -rf .venv .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info

.venv/%.done: requirements/%.lock pyproject.toml
	@scripts/environment.sh $*
