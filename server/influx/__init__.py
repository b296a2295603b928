"""InfluxDB 2: every committed snapshot, and each network once a minute, for Grafana and whoever asks.

    words       words as small whole numbers, for panels that cannot colour text
    points      line protocol out of one snapshot and what is known of its station
    minutes     line protocol of whole networks, once a minute
    follow      commits in their order, unpacked; which stretches late ones make to be written anew
    stretch     a stretch of a station's time, counted and worded from the nearest checkpoint on
    ledger      influx.db: how far all is written, what waits, what InfluxDB refused
    answers     what an answer of InfluxDB means
    client      the one request: lines to the bucket
    writer      batches: what is refused is split until only the bad line is left
    work        what is to be written next, and what is noted then
    forwarder   the thread that does all this

What it is made of, its tables and its size stand in ``docs/influx.md``. Nothing waits for it.
"""
