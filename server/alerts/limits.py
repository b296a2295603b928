"""The numbers that alerts are raised by at a place, and changing them.

A place's own stand over those of its network, and these over those of the networks around it; what nobody
has set keeps its default.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import Final, cast

from server.accounts import audit
from server.alerts.kinds import AlertThresholds, ThresholdError, overridden
from server.alerts.model import Place
from server.desk import Desk
from server.model import Network, Station
from server.registry import Registry

log = logging.getLogger(__name__)

DEFAULTS: Final = AlertThresholds()


def of_station(station: Station, networks: Mapping[str, Network]) -> AlertThresholds:
    """All numbers that hold for a station."""
    return _over(of_network(station.network, networks), station)


def of_network(network_id: str, networks: Mapping[str, Network]) -> AlertThresholds:
    """All numbers that hold for a network and its districts."""
    result = DEFAULTS
    for each in around(network_id, networks):
        result = _over(result, each)
    return result


def around(network_id: str, networks: Mapping[str, Network]) -> Iterator[Network]:
    """The network and those that it is inside of, the outermost first."""
    chain = Place.of_network(network_id, networks).networks
    return (networks[each] for each in reversed(chain) if each in networks)


def check(limits: Mapping[str, object]) -> Mapping[str, float]:
    """The same numbers, when all of them can be.

    Raises:
        ThresholdError: for the first that cannot.
    """
    overridden(DEFAULTS, limits)
    return cast("Mapping[str, float]", limits)


def change(
    desk: Desk,
    registry: Registry,
    noun: Network | Station,
    limits: Mapping[str, object],
    *,
    by: str,
    now_ms: int,
) -> bool:
    """Give a network or station these numbers of its own, instead of all that it has; audited.

    The registry is another file than the audit log: both are written or none, unless the program is killed
    in between or the desk fails at its very end; then the numbers hold and the log does not tell of it.

    Args:
        desk: with the accounts' part.
        by: the person's login, or the terminal.

    Returns:
        False: it had just these.

    Raises:
        ThresholdError: one of them cannot be.
        RegistryError: there is no such network or station, or the registry cannot be written.
        DeskError: the desk cannot be written.
    """
    after = check(limits)
    with desk.writing() as connection:
        before = registry.set_alert_limits(noun, after)
        # Null where nothing of its own is left.
        changed = {
            name: after.get(name) for name in {**before, **after} if before.get(name) != after.get(name)
        }
        if changed:
            audit.record(connection, now_ms, by, "thresholds.changed", noun.id, **changed)
    return bool(changed)


def _over(base: AlertThresholds, noun: Network | Station) -> AlertThresholds:
    """A number that this program does not know or want (any more) must not stop all the others."""
    for name, value in noun.alert_limits.items():
        try:
            base = overridden(base, {name: value})
        except ThresholdError as error:
            log.error("alert_limit unusable, ignored: of=%s %s", noun.id, error)
    return base
