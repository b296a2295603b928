"""What a station and the server promise each other, and nothing else.

    quantities   the numbers that may be measured: unit, possible range
    messages     the messages as frozen dataclasses, each checked where it is made
    codec        messages <-> JSON bytes; the only way in and out
    topics       where each message travels

Standard library only: this package is installed on every Raspberry Pi.
"""

from contract.errors import ContractError

__all__ = ["ContractError"]
