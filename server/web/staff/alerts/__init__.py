"""What is wrong: the alerts, what is to be done about them, and what they are raised by.

page        ``/staff/alerts``: the list
listing     which of them it shows, and in which order (pure)
folding     which of them share a line (pure)
rows        an alert as a line, in the console's words
words       what was measured then and is now, and of which part (pure)
alert       ``/staff/alerts/<id>``: one of them, with what can be done
taking      whose those of one station are, and the button that takes them
readings    what was measured around it, as drawings
measures    which readings those are, by its kind (pure)
silences    ``/staff/silences``: messages held back
silencing   the form of one
thresholds  ``/staff/thresholds``: the numbers that alerts are raised by
limit_form  the form of them (pure)
"""
