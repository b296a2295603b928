"""Who answers where the settings have the server."""

import pytest

from server.cli.running import NotRunningError, look
from server.pipeline import Pipeline
from server.settings import Settings
from server.web.build import build_web
from tests.support.mosquitto import free_port
from tests.support.serving import serving
from tests.support.stranger import stranger, web
from tests.support.web import TableLive, TableStore

OTHERS = {
    "a list": web("[]"),
    "a list of objects": web('[{"reasons": [], "notices": []}]'),
    "nothing": web("null"),
    "a text": web('"notices"'),
    "an object of its own": web('{"status": "UP"}'),
    "the same names, other things": web('{"reasons": null, "notices": 7}'),
    "a page": web("<!doctype html><title>Welcome to nginx!</title>", "404 Not Found"),
    "no text": web("x").replace(b"\r\n\r\nx", b"\r\n\r\n\xff"),
    "half an answer": web('{"reasons": []}')[:-4],
    "no HTTP": b"SSH-2.0-OpenSSH_9.2p1\r\n",
}


@pytest.mark.parametrize("answer", OTHERS.values(), ids=OTHERS)
def test_another_program_is_told_as_such(answer: bytes) -> None:
    with stranger(answer) as port, pytest.raises(NotRunningError) as caught:
        look(Settings(port=port))
    assert str(caught.value) == f"what answers at 127.0.0.1:{port} is no Waystation server"


def test_nobody_is_told_as_such() -> None:
    port = free_port()
    with pytest.raises(NotRunningError, match=f"^no server answers at 127.0.0.1:{port} "):
        look(Settings(port=port))


def test_a_server_says_its_figures_reasons_and_notices() -> None:
    pipeline = Pipeline(connected=False, alive=True, committed_total=42, store_replaced="/data/a.corrupt-1")
    with serving(build_web(TableLive(), TableStore(), Settings(), pipeline)) as port:
        said = look(Settings(port=port))
    assert said.reasons == ("not connected to the broker",)
    assert any("a.corrupt-1" in each for each in said.notices)
    assert said.value("committed_total") == 42
