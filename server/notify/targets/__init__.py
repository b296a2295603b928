"""The services that take messages, each with a language of its own.

senders     the one door: a message and its channel in, sent or refused out
wecom       a WeCom (企业微信) group bot
dingtalk    a DingTalk (钉钉) group bot
feishu      a Feishu (飞书) group bot
webhook     any program, signed as the Standard Webhooks specification has it
others      e-mail, ntfy and whatever else apprise knows, in a process of its own: apprised
posting     one HTTP request with a hard end
addresses   which may be spoken to: public ones, unless the operator allows others (pure)
judging     what a reply means (pure)
cutting     as much of a text as a target takes (pure)
"""
