"""Deliveries of the broker into the store, and what stations are told of them.

ingest      validate, commit, answer
decoding    payloads into messages
dating      when a reading was taken, where the station's clock did not know (pure)
answers     which numbers are committed, which refused (pure)
refusals    a line in the log when a station begins to send what is refused
"""
