"""Having messages leave.

postman     the thread that does it; "send test"
delivery    each channel by itself, at its pace
turns       one message at a time between sending it and noting it
deadman     the ping to an outside service that notices when this server is gone
"""
