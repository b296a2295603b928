"""The one door for messages: by the kind of the channel to its sender."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from server.notify.model import Channel, ChannelKind, Message, Outcome
from server.notify.targets import dingtalk, feishu, others, webhook, wecom
from server.notify.targets.posting import Courier

Sender = Callable[[Message, Channel, Courier, int], Awaitable[Outcome]]

SENDERS: Final[Mapping[ChannelKind, Sender]] = {
    "wecom": wecom.send,
    "dingtalk": dingtalk.send,
    "feishu": feishu.send,
    "webhook": webhook.send,
    "others": others.send,
}


async def send(message: Message, channel: Channel, http: Courier, now_ms: int) -> Outcome:
    """Send ``message`` by ``channel``, once. Ends within the time-out of its sender and raises nothing of
    what a target does; one hanging channel holds up no other as long as each is awaited by itself.
    """
    return await SENDERS[channel.kind](message, channel, http, now_ms)
