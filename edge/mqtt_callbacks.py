"""What becomes of a broker's connection, from paho's callbacks, without what nobody asks of them."""

from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode


def tell(
    client: mqtt.Client,
    *,
    welcomed: Callable[[], None],
    refused: Callable[[str], None],
    lost: Callable[[str], None],
) -> None:
    """Call ``welcomed`` when the login is taken, the others with the reason, from the client's thread.

    After a refusal the broker hangs up, which is told as a loss.
    """

    def on_connect(
        _client: mqtt.Client,
        _userdata: Any,
        _flags: mqtt.ConnectFlags,
        code: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if code.is_failure:
            refused(f"the broker refuses the login: {code}")
        else:
            welcomed()

    def on_disconnect(
        _client: mqtt.Client,
        _userdata: Any,
        _flags: mqtt.DisconnectFlags,
        code: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        lost(f"the connection was lost: {code}")

    client.on_connect, client.on_disconnect = on_connect, on_disconnect
