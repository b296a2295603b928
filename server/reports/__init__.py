"""What riders report about stations, in ``reports.db``.

reports     takes them, and notes what staff did about them
tables      the file's tables
limits      how many are taken (pure)
"""
