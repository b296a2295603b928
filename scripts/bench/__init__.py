"""Measures what Waystation reaches on this machine, beside yardsticks measured in the same run.

    python -m scripts.bench            all rows, table to the terminal and to docs/benchmarks.md
    python -m scripts.bench --quick    the same rows in little time, terminal only
    python -m scripts.bench --only city stations

    mqtt        packets of MQTT 3.1.1, no more than a load needs
    bodies      telemetry of 365 bytes and of 3 kB, with true identities
    load        many stations in one cheap process; a child process of its own
    http        many requests and many event readers in one process; a child process too
    process     CPU and memory of a process, from /proc
    rig         broker, registry and server for a run
    throughput, city, latency, backlog, web, disk, rollups, backup, agent, devices     one measurement each
    report      the table

Everything is on loopback and bounded in count and time. Figures are reported, never asserted.
"""
