"""Which version of Waystation this is."""

from importlib import metadata


def version() -> str:
    """The installed version, as said at birth."""
    try:
        return metadata.version("waystation")
    except metadata.PackageNotFoundError:
        return "from-source"
