"""Pictures of the pages for the docs, in both languages.

    python -m scripts.screenshots              all of docs/images anew
    python -m scripts.screenshots list-zh …    some of them

    shot        what is to be seen, and the picture of it
    riders      list, station, map and door screen
    console     the pages for staff
    wall        the wall of a network
    morning     an hour of a city that the alerts' engine has watched, for the console and the wall

What they show is simulated: the demo's Taiyuan at 13:20 on a hot July day. Clocks stand still, so the same
code draws the same pictures, byte by byte; another Chromium, or other fonts, draw slightly different ones.
"""
