"""``waystation serve`` where it cannot: what the real command says, and that what it names helps."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from contract.messages import Info
from server.store.sqlite import Store
from tests.support.damage import overwrite_first
from tests.support.databases import said, typed

ROOT = Path(__file__).parents[3]


def test_a_damaged_database_is_told_with_what_to_type(data: Path) -> None:
    with closing(Store.open(data / "readings.db")) as store:
        store.commit([], infos={"canteen": Info("1.0", 1, 30)})
    overwrite_first(data / "readings.db", "info")
    served = subprocess.run(
        [sys.executable, "-m", "server", "serve"],
        cwd=data.parent,
        env=os.environ | {"PYTHONPATH": str(ROOT), "WAYSTATION_PORT": "0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert served.returncode == 1
    last = served.stderr.splitlines()[-1]
    assert last.startswith(f"cannot start: a database in {data}: database disk image is malformed; "), last
    assert last.endswith("waystation store check says which")
    checked = typed("check")
    assert checked.exit_code == 1
    assert "readings.db" in said(checked)
