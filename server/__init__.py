"""One process per city: takes what the stations send, keeps it, and tells riders.

The path of a reading, top to bottom:

    broker        MQTT link, one thread: deliveries in, PUBACKs and commit acks out
      buffered    paho's client with its socket behind buffers
    ingest/       validate, commit, answer; refuses a bad snapshot, takes the rest
    store/        readings.db: every committed snapshot exactly once, one writer
    live          the newest state of each station, in words, swapped whole
      visible     what a rider would see of a station, pure
      headcount   people inside, folded from the store, whatever the order of arrival
      hours, occupancy, status    the thinking behind the words, pure
      board       which of staff's notices each station shows, pure
    web/          API, events, pages, health

Around it:

    model         what the registry holds: networks, stations, thresholds
    state         what is told of a station: the words that riders read
    registry      registry.db: networks and stations, with its schema, imports, geo and credentials beside it
    forecasts/    how full a station is expected to be
    reports/      reports.db: what riders say is wrong; notes cleans it, pure
    office        what staff work with, put together
    desk          desk.db: what staff work with, in parts that each bring their tables
    accounts/     who may do what at the console, and the log of it
    alerts/       what is wrong, judged by rules, carried through its life, and kept
    notify/       telling people of it: texts, groups, senders that believe only the reply
    notices       what staff tell riders, kept in the desk
    plates/       what is printed for the doors: names and QR codes, as SVG and PDF
    settings      the table of settings; config reads them from file and environment
    pipeline      the stream's counters
    app           wiring: constructs, starts and stops
    cli/          the commands of ``waystation``

Failure policy: the server shrugs. A bad message is refused and counted; a full disk stops the answers,
not the process; only an error nobody foresaw ends it, and then systemd begins it anew.
"""
