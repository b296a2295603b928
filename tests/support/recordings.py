"""Where the real recordings are. They are not part of the checkout: their licences are their own."""

import os
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


def recordings_dir() -> Path:
    """The folder of recordings: ``WAYSTATION_RECORDINGS``, else ``shared/data`` beside the checkout.

    Skips the test that asks when there is none.
    """
    folder = Path(os.environ.get("WAYSTATION_RECORDINGS") or CHECKOUT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no recordings: {folder} is not a folder; set WAYSTATION_RECORDINGS")
    return folder
