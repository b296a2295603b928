"""Grafana's dashboards as code: Wall, Network, Station and Fleet over what stands in ``docs/influx.md``.

    influxql    queries: what Grafana fills in, and the pieces that several of them share
    words       the words of riders as mapped numbers, with a shape and a colour each
    panels      panels of each kind, with what is told of each
    wall        the screen in the city hall; wall_map: its map and its list
    network     by district
    station     everything about one
    fleet       the devices
    writing     all of it as JSON, and the tables of README.md

``make dashboards`` writes ``dashboards/*.json`` and the tables anew. Nothing of the server imports this.
"""
