"""What is wrong, judged by rules, carried through its life, told once.

    model        the nouns: kinds, findings, alerts and what happens to them
    kinds        every kind of alert, and the numbers that rules compare with
    facts        what a rule may look at
    trends       what a rule must remember of a station: rates, flat lines, jumps, losses, days of counts
    rules        the judge: facts in, findings out
    rules_room, rules_power, rules_machine      the rules themselves, by what they look at
    words        a rule's word on a part
    lifecycle    an alert from its first sign to its end
    silences     staff's wish not to hear, maintenance
    inhibit      which alert hides which
    board        the alerts as they are, in memory, and a draft of what they are to become
    outlook      which are hidden or silenced, and which messages are due

All of that is pure; ``now_ms`` is handed in. Around it:

    limits       which numbers hold at a place, and changing them
    ledger       what survives a restart, in desk.db: alerts, timelines, silences, counted time
    tables, rows     its tables, and what their rows say
    memory       trends and days of all stations, made again of the store at a start
    gather       facts, out of what is live, registered and counted
    judging      which stations have to be judged now, and what was found of the others
    keeper       what the engine keeps in desk.db and reads from there
    standing     the alerts as they stand, for every thread, and what people do with them
    engine       all of it together, every ten seconds, in a thread of its own

How it fails: into silence about what is not known, and never into a false word. A fact that is too old is
``unknown``, which neither fires nor resolves; a part that is no longer spoken of is unknown too. Outside
the opening hours what is promised only in them is unknown. What cannot be heard because the server itself
is deaf is no sign of anything. That nothing is heard is an alert of its own.
"""
