"""What a sensor's table says about the sockets and cabinets that it stands for."""

from typing import Final, cast, get_args

from contract.messages import MAX_TEXT, UNIT_ID, CabinetInfo, SocketInfo, SocketKind
from edge.options import Options

SOCKET_KINDS: Final[tuple[str, ...]] = get_args(SocketKind)
_ID: Final = "1 to 32 of a-z, 0-9, '_' and '-'"


def socket_info(options: Options, socket_id: str) -> SocketInfo:
    """``socket_kind`` (usb unless given) and ``label`` of one socket."""
    kind = cast(SocketKind, options.choice("socket_kind", SOCKET_KINDS, default="usb"))
    return SocketInfo(socket_id, kind, _label(options))


def unit_id(options: Options) -> str:
    """``id`` of one unit below a sensor."""
    return options.text("id", pattern=UNIT_ID.pattern, allowed=_ID)


def cabinet_info(options: Options, cabinet_id: str, slots: int) -> CabinetInfo:
    """``label`` and ``voltage_v`` of one cabinet."""
    voltage_v = options.number("voltage_v", low=1, high=1000) if options.has("voltage_v") else None
    return CabinetInfo(cabinet_id, slots, _label(options), voltage_v)


def _label(options: Options) -> str:
    allowed = f"up to {MAX_TEXT} characters"
    return options.text("label", default="", pattern=rf".{{1,{MAX_TEXT}}}", allowed=allowed)
