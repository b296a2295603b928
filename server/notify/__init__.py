"""Telling people: messages of alerts, and the ways by which they leave the server.

=============  ====================================================================================
``model``      values: a channel, a message, and what became of it
``grouping``   which alerts become one message, for whom and when (pure)
``directory``  channels and receivers as staff set them; what they may be: ``checks``
``outbox``     messages that have to leave, in ``desk.db``: ``tables``, single ``rows``, and what they need
               besides sending: ``upkeep`` (second receivers, an end), the ``monthly`` self-test
``retry``      when a refused message is tried again, and until when (pure)
``late``       what is still worth telling when it can leave at last (pure)
``writing``    from a row to the message that leaves
``delivery``   each channel by itself, at its pace; ``turns``: one at a time between sending and noting it
``health``     how each channel is doing
``postman``    the thread that does all this; "send test"
``texts``      what a message says, in Chinese and English (pure); names by ``harmless``
``cutting``    as many bytes of it as a target takes (pure)
``pace``       how often one bot may be spoken to (pure)
``senders``    the one door: a message and its channel in, sent or refused out
``wecom``      a WeCom (企业微信) group bot
``dingtalk``   a DingTalk (钉钉) group bot
``feishu``     a Feishu (飞书) group bot
``webhook``    any program, signed as the Standard Webhooks specification has it
``others``     e-mail, ntfy and whatever else apprise knows, in a process of its own: ``apprised``
``posting``    one HTTP request with a hard end, to public ``addresses`` unless the operator allows others
``judging``    what a target's reply means (pure)
``deadman``    the ping to an outside service that notices when this server is gone
=============  ====================================================================================

Failure policy: nothing is believed to be sent unless the target's own words say so. A target that hangs
costs its time-out and nothing more. A refusal says whether the target wants a pause, had a bad moment, or is
set up wrongly, which no repetition mends; whoever sends decides on the next try and on escalation.
"""
