"""Who works at the console, and what they did; their passwords and roles are in :mod:`server.accounts`.

signin      signing in and out, one's own password
people      ``/staff/people``
audit       ``/staff/audit``: who did what
deeds       what its entries say (pure)
"""
