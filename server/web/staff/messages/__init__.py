"""Messages about alerts: where they go, and who gets which.

channels       ``/staff/channels``: the ways out
receivers      ``/staff/receivers``: who is told of what
receiver_form  the form of one
takes          which alerts are a receiver's, as its form says it (pure)
coverage       which alerts are nobody's (pure)
"""
