"""The console at ``/staff``: pages for those who maintain the stations, complete without scripts.

    services   what the pages work with, handed in as one
    gate       the only way in: session, role, form token, own site, size; every route states its action
    visit      one request of somebody: what they may, what they sent, how they are answered
    forms      the body of a form, bounded (pure but for reading it)
    menu       where one can go, by role (pure)
    times      moments and ages as staff read them (pure)
    signin     signing in and out, one's own password
    stream     server-sent events: "something has changed"; the page fetches itself
    console    all of them together

Failure policy: what is not allowed in so many words is refused, told to whoever asks and logged; nothing is
changed then. Without ``desk.db`` there is no console, and riders are served all the same.
"""
