"""Days like real ones, for stations that do not exist.

    calendar   service days (04:00 to 04:00) and opening windows
    profile    what a station is like
    noise      numbers that depend on their keys alone
    visits     who comes and goes; what the doors count
    climate    the air outside and in the room
    sockets    phones that charge
    cabinets   batteries that charge and are swapped
    troubles   sensors that fail, stations that are cut off
    station    all of it at one instant

Everything is a function of (profile, instant): the same seed lives the same day in a demo, a test and
a replayed history, and a history made afterwards joins the live simulation without a seam.
"""

from edge.days.profile import Profile
from edge.days.station import Station

__all__ = ["Profile", "Station"]
