"""The one request to InfluxDB: lines to the bucket, through its own client, synchronous and gzipped.

Importing this module takes half a second and 30 MB, the client's: whoever does not use InfluxDB does not.
"""

import time
from collections.abc import Sequence
from typing import Final

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException
from urllib3 import exceptions

from server.influx.answers import Answer, Later, answer, sentence

TIMEOUT_MS: Final = 30_000
"""Of one request: five thousand lines take a well server some 50 ms."""


class Client:
    """Writes to one bucket of one server, one request at a time; from any thread.

    Args:
        url: of the server; org, bucket: names; token: with the right to write there, "" where none is asked.
        timeout_ms: of connecting, and of an answer.
    """

    def __init__(self, url: str, org: str, bucket: str, token: str, *, timeout_ms: int = TIMEOUT_MS) -> None:
        self._org, self._bucket = org, bucket
        self._client = InfluxDBClient(url.rstrip("/"), token, org=org, timeout=timeout_ms, enable_gzip=True)
        self._writer = self._client.write_api(write_options=SYNCHRONOUS)

    def write(self, lines: Sequence[str]) -> Answer:
        """Write lines; whatever goes wrong is an answer too."""
        body = "\n".join(lines).encode()
        try:
            self._writer.write(self._bucket, self._org, body, WritePrecision.MS)  # type: ignore[arg-type] # its values are strings
        except ApiException as error:
            if error.status:
                retry_after = error.headers.get("Retry-After") if error.headers else None
                return answer(error.status, error.body or "", retry_after, _now_ms())
            return Later(f"no secure connection: {sentence(str(error.reason))}")
        except exceptions.ReadTimeoutError as error:
            return Later(f"no answer: {_plain(error)}", smaller=True)
        except (
            exceptions.HTTPError,
            OSError,
            ValueError,
        ) as error:  # an address that is none is a ValueError
            return Later(f"cannot be reached: {_plain(error)}")
        said = self._client.api_client.last_response
        return answer(said.status, said.data, None, _now_ms())

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()  # type: ignore[no-untyped-call]


def _plain(error: Exception) -> str:
    """The innermost reason, without the objects that it is wrapped in."""
    reason = getattr(error, "reason", None) or error
    return sentence(str(reason).rpartition(": ")[2]) or type(reason).__name__


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
