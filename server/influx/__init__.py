"""InfluxDB 2: every committed snapshot, and each network once a minute, for Grafana and whoever asks.

    words       words as small whole numbers, for panels that cannot colour text
    points      line protocol out of one snapshot and what is known of its station
    minutes     line protocol of whole networks, once a minute
    follow      commits in their order, unpacked; which stretches late ones make to be written anew
    stretch     a stretch of a station's time, counted and worded from the nearest checkpoint on
    ledger      influx.db: how far all is written, what waits, what InfluxDB refused
    answers     what an answer of InfluxDB means
    client      the one request: lines to the bucket
    errand      one request in a thread of its own
    writer      batches: what is refused is split until only the bad line is left
    work        what is to be written next, and what is noted then
    forwarder   the thread that does all this
    trial       what would become of a write now, by an empty one
    setup       bucket, mapping for InfluxQL, rights of the token
    backfill    what the store held before, in pieces that can be gone on with
    known       what points need to know of stations, from the server's files
    progress    how far InfluxDB is behind, from the files
    series      how many series its index gets

What it is made of, its tables and its size stand in ``docs/influx.md``. Nothing waits for it.
"""
