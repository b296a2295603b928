"""How full a station is expected to be, from its own past.

pattern     the pattern of a day, and the next hour by it (pure)
forecaster  the thread that makes the patterns, from the roll-ups
forecasts   what the rest of the server asks of them, from any thread
"""
