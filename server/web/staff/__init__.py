"""The console at ``/staff``: pages for those who maintain the stations, complete without scripts.

What all pages work with:

    services   what the pages are handed, as one
    gate       the only way in: session, role, form token, own site, size; every route states its action
    visit      one request of somebody: what they may, what they sent, how they are answered
    forms      the body of a form, bounded (pure but for reading it)
    choosing   networks, districts and stations as choices of a form (pure); places: those of the registry
    names      what networks, people and sensors are called
    times      moments and ages as staff read them (pure)
    menu       where one can go, by role (pure); more: the rest of it on a phone
    stream     server-sent events: "something has changed"; the page fetches itself
    console    all of them together

The pages, by what they are of, as in the menu:

    alerts/    what is wrong, silences, thresholds
    fleet/     the machines in the stations
    riders/    notices, and what riders report
    served/    service counts
    messages/  channels and receivers
    accounts/  people, signing in, the audit log
    walls      links to walls
    plots/     what was measured, as drawings in pages of alerts/ and fleet/ (pure)

Failure policy: what is not allowed in so many words is refused, told to whoever asks and logged; nothing is
changed then. Without ``desk.db`` there is no console, and riders are served all the same.
"""
