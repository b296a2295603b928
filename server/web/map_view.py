"""What the map's script is told: tiles, who made them, and by which datum they show places. Pure."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class MapView:
    """The settings ``map_…``; an address that begins with ``/`` is on this server, below ``base_path``."""

    tiles: str = ""
    attribution: str = ""
    datum: str = "wgs84"
    base_path: str = ""

    @property
    def origin(self) -> str:
        """Scheme and host of a tile server that is another one, else ""."""
        parts = urlsplit(self.tiles)
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""

    def told(self) -> dict[str, str]:
        """What stands in a page's setup: tiles, attribution with its link, datum."""
        said = re.fullmatch(r"(.*?)\s*(https?://\S+)?", self.attribution, re.DOTALL)
        text, link = (said[1], said[2] or "") if said else (self.attribution, "")
        tiles = self.tiles if self.origin or not self.tiles else self.base_path + self.tiles
        return {"tiles": tiles, "attribution": text or link, "link": link, "datum": self.datum}
