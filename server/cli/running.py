"""What the running server says of itself, by its ``/readyz`` and ``/metrics``."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from server.settings import Settings

TIMEOUT_S: Final = 5.0

Figures = Mapping[str, Mapping[tuple[str, ...], float]]
"""Values by metric name and label values, in the order of the labels' names."""


class NotRunningError(Exception):
    """No Waystation answers where the settings have it."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the server said at one moment: figures, why it is not ready, what to look at besides."""

    figures: Figures
    reasons: tuple[str, ...]
    notices: tuple[str, ...]

    def value(self, name: str) -> float | None:
        """A figure without labels, None when the server did not give it."""
        return self.figures.get(f"waystation_{name}", {}).get(())

    def labelled(self, name: str) -> Mapping[tuple[str, ...], float]:
        """A figure by its label values."""
        return self.figures.get(f"waystation_{name}", {})


def look(chosen: Settings) -> Look:
    """What the server of these settings says now.

    Raises:
        NotRunningError: nobody answers there, or something else does.
    """
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(chosen.host, chosen.host)  # noqa: S104 # where it listens
    try:
        ready = json.loads(_get(host, chosen.port, "/readyz"))
        return Look(parse(_get(host, chosen.port, "/metrics")), *_sentences(ready))
    except OSError as error:
        raise NotRunningError(f"no server answers at {host}:{chosen.port} ({error})") from error
    except (http.client.HTTPException, ValueError) as error:
        raise NotRunningError(f"what answers at {host}:{chosen.port} is no Waystation server") from error


def _get(host: str, port: int, path: str) -> str:
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def _sentences(ready: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The reasons and the notices; ValueError where it says none, as another program."""
    match ready:
        case {"reasons": list(reasons), "notices": list(notices)}:
            return tuple(map(str, reasons)), tuple(map(str, notices))
    raise ValueError("neither reasons nor notices")


def parse(text: str) -> Figures:
    """Prometheus' text format as values by name and label values.

    Raises:
        ValueError: it is not written so.
    """
    figures: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = tuple(value for _, value in sorted(sample.labels.items()))
            figures.setdefault(sample.name, {})[labels] = sample.value
    return figures
