"""Service counts (服务人次) for those who answer for a network; worked out in :mod:`server.served`.

page        ``/staff/served``: a report, to read and as files
choice      which report is asked for
bars        its bars by day and by hour (pure)
numbers     ``/staff/served-numbers``: what staff count themselves
reach       ``/staff/served-reach``: the 15-minute circle
"""
