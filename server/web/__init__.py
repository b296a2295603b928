"""What riders and other programs read of Waystation, over HTTP.

    build       all of it put together: build_web
    serving     uvicorn in its thread
    front       first to see a request: security headers, size limits, short cuts around the framework
    bodies      answers encoded once, with gzip and ETag
    events      server-sent events: one frame for thousands of readers
    readers     one open stream: a bounded queue, cut off when it takes nothing
    feed        what changed since a reader last heard (pure)
    api         the JSON API and its OpenAPI document
    compact     the whole list in columns, small enough for a weak network (pure)
    compact_list  its route
    around      where to go when this station is full or closed (pure)
    query       its parameters, checked (pure)
    forecast    how full a station is expected to be, for the public
    past        the history in steps that give nobody away (pure)
    pages       the rider's lists, complete without scripts
    station_page  a station's own page
    week        its opening hours, day by day (pure)
    bars        its forecast as bars (pure)
    directions  how to get there: links to maps (pure)
    report      the page that reports a problem, and the same for programs
    desk        takes what is reported: limits, size, own site only
    door        the screen at a station's door
    wall        a network on a wall, for who has its link
    wall_facts  its figures, and what is wrong (pure)
    wall_map    its map as a few paths (pure)
    offline     what a phone needs to go on without a network: service worker, page, manifest
    feeds       open data for other programs: /feeds/v1/
    feed_rows   its rows and schemas (pure)
    geojson     the stations as points (pure)
    alerts      what riders and operators should know of the stations (pure)
    map_view    what the map's script is told of the tiles (pure)
    render      from facts to HTML: templates, languages, what scripts are told
    order       which stations a list shows, and in which order (pure)
    wishes      what a rider needs, as codes in the address (pure)
    spoken      a station as one sentence, for those who listen (pure)
    text        facts as words, in both languages (pure)
    networks    networks and their four counts (pure)
    public      what the public is told of a station; privacy is applied here (pure)
    shapes      the JSON that it is told in (pure)
    health      /healthz, /readyz, /metrics
    assets      styles, scripts and icons
    staff       the console for those who maintain the stations

Failure policy: reading never disturbs the ingest. A wrong request gets a 4xx that says why; a slow reader is
cut off; whatever goes wrong in one request ends that request alone.
"""
