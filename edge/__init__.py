"""What runs on a station's Raspberry Pi. The way of one reading:

    sensors/      what is connected, one file per kind; factory opens what the station file names
    doors, power  beam levels to crossings, watts to a socket's state (pure)
    polling       asks one sensor at its interval; its failure stays with it
    sampler       readings to snapshots; decides when one is due (changes: what is worth one)
    outbox        keeps snapshots on the disk until the server has committed them (outbox_file: its file,
                  outbox_rows: its statements)
    timesync      dates again what was taken before the clock was set (pure)
    flow          decides what may be sent now (pure)
    publisher     birth, telemetry, commit acks, orderly end
    connection    one MQTT connection as events
    network       drives the sockets of any number of publishers in one thread

Beside it, where the station file names Home Assistant's broker:

    discovery       the station as one of its devices, and what each entity says (discovery_words: in whose
                    words; discovery_turns: what is due next; all pure)
    home_assistant  keeps it told from a thread of its own (home_session: one connection)

Around it:

    __main__      the commands: run, check, reading (read), replay, simulate
    agent         wires the way of a reading and keeps it going; decides nothing
    config        the station file, options: its values, checked with errors that say what is allowed
    clock         both clocks of a machine without a clock battery
    health        how the machine is
    link          what check may read of the agent's connection
    mqtt_callbacks  what becomes of a connection to somebody else's broker
    watchdog      what systemd is told
    days, fleet, fleet_station, past, playback, recordings    simulated stations and recorded days

An expected fault is handled where it happens. What nobody foresaw stops the agent with its traceback in
the journal, and systemd begins it anew.
"""
