"""``waystation influx setup``: what it did, and what it may not."""

from pathlib import Path

import pytest

from tests.support.influx import Influx
from tests.support.influx_api import influx_api
from tests.support.influx_typed import name, typed


@pytest.mark.parametrize(("command", "token"), [("setup", "…"), ("backfill", "two words")])
def test_a_token_that_was_copied_wrongly_is_told_and_not_shown(
    here: Path, influx_server: Influx, command: str, token: str
) -> None:
    name(here, influx_server, "typed", token)
    code, said = typed(command)
    assert (code, said.strip()) == (
        2,
        "influx_token holds a sign that no token has, or a blank: copy it anew",
    )


def test_setup_wants_a_token(here: Path) -> None:
    with (here / "waystation.toml").open("a") as settings:
        settings.write('influx_url = "http://127.0.0.1:1"\n')
    assert typed("setup") == (2, "not set: influx_token or influx_token_file; docs/influx.md has the steps\n")


def test_set_up_says_what_it_did(here: Path) -> None:
    with influx_api(virtual=False) as api:
        name(here, api, "waystation", api.token())
        code, said = typed("setup", "--retention", "1096")
        assert code == 0
        bucket_id = next(iter(api.buckets))
        assert said.splitlines() == [
            'bucket "waystation" is made; it keeps 1096 days',
            'InfluxQL finds it as database "waystation": the mapping is made',
            "this token may write and read",
            "tokens that may do no more than they have to:",
            f"  influx auth create --org city --description waystation --write-bucket {bucket_id}",
            f"  influx auth create --org city --description grafana --read-bucket {bucket_id}",
        ]
        changes = list(api.changes)
        assert typed("setup")[0] == 0
        assert typed("setup", "--retention", "30", stdin="n\n")[0] == 1
        assert api.changes == changes, "to keep less has to be wanted"
        code, said = typed("setup", "--retention", "30", stdin="y\n")
        assert code == 0
        assert "would drop what is older than 30 days" in said
        assert api.changes == [*changes, "retention [{'type': 'expire', 'everySeconds': 2592000}]"]


def test_set_up_says_what_is_not_allowed(here: Path) -> None:
    with influx_api() as api:
        name(here, api, "waystation", "unknown-token")
        code, said = typed("setup")
    assert code == 1
    assert "unauthorized access" in said
    assert "unknown-token" not in said
