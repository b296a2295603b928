"""Telling people: messages of alerts, and the ways by which they leave the server.

In the order of a message's way:

    receivers/  who is told what: as staff set it, and which alerts become one message
    outbox/     messages that have to leave, in ``desk.db``
    words/      what they say, in Chinese and English
    targets/    the services that take them: group bots, webhooks, mail
    sending/    the thread that has them leave
    model       values: a channel, a message, and what became of it
    tables      what of it is in ``desk.db``; rows: single ones, written in the transactions of others

Failure policy: nothing is believed to be sent unless the target's own words say so. A target that hangs
costs its time-out and nothing more. A refusal says whether the target wants a pause, had a bad moment, or is
set up wrongly, which no repetition mends; whoever sends decides on the next try and on escalation.
"""
