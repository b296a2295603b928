"""The stations as those see them who mend them.

page        ``/staff/fleet``: how the machines are, by place
rows        a machine as a line: which are shown, and in which order (pure)
letters     ``/staff/fleet/letters``: what the server could not take
device      ``/staff/stations/<id>``: one station
facts       its newest snapshot, unit by unit (pure)
history     its last day or week, as drawings
occupancy   how many people are inside, set right
"""
