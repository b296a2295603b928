"""Scripts that an operator types."""

import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[1] / "scripts"


@pytest.mark.parametrize("words", [(), ("broker.example.org",), ("a", "b", "c")])
def test_certificates_says_how_it_is_used(tmp_path: Path, words: tuple[str, ...]) -> None:
    said = subprocess.run(  # noqa: S603 - our own script
        [SCRIPTS / "certificates.sh", *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr == "Usage: scripts/certificates.sh NAME FOLDER\n"
    assert list(tmp_path.iterdir()) == []
