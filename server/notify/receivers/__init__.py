"""Who is told what, by which channel, and when.

directory   channels and receivers as staff have set them, each change with its line in the audit log
checks      what they may be
model       a receiver: what is theirs, when they want to be left alone (pure)
grouping    which alerts become one message, for whom and when (pure)
"""
