"""Networks from a TOML file: one ``[[network]]`` each."""

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from server.imports.problems import Problems, UnusableError, read_text
from server.imports.values import alert_limits, an_id, plain_text, qualified, thresholds
from server.model import Network, Qualifier, Standard, Thresholds

KEYS: Final = (
    "id",
    "name",
    "parent",
    "declared",
    "declared_as_of",
    "time_zone",
    "season",
    "standards",
    "thresholds",
    "alert_thresholds",
    "simulated",
)

_T = TypeVar("_T")
_MAX_DECLARED: Final = 1_000_000
_UNDECLARED: Final[tuple[int | None, Qualifier]] = (None, "")


def read_networks(file: Path, known: Mapping[str, Network]) -> list[Network]:
    """The networks of ``file``; parents may be among the ``known`` ones.

    A network of which the file names no thresholds of alerts keeps those that it has.

    Raises:
        ImportFailed: with everything that is wrong with it.
    """
    problems = Problems(file)
    text = read_text(file, problems)
    tables = _tables(text, problems)
    networks = [_Reader(table, _Lines(text, n), problems).network(known) for n, table in enumerate(tables)]
    _check_ids(networks, text, problems)
    _check_parents(networks, known, text, problems)
    problems.stop_if_any()
    return networks


def _tables(text: str, problems: Problems) -> list[dict[str, Any]]:
    try:
        root = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        problems.stop(int(at[1]) if at else text.count("\n") + 1, "", str(error), "TOML")
    for key in root.keys() - {"network"}:
        problems.add(_Lines(text, None).of(key), key, root[key], "nothing but [[network]] tables")
    tables = root.get("network")
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        problems.stop(1, "network", tables, "at least one [[network]]")
    return [dict(table) for table in tables]


class _Lines:
    """Where the keys of the ``nth`` network stand; tomllib does not say. None: of the whole file."""

    def __init__(self, text: str, nth: int | None) -> None:
        heads = [match.start() for match in re.finditer(r"^[ \t]*\[\[\s*network\s*\]\]", text, re.MULTILINE)]
        bounds = [*heads, len(text)]
        inside = nth is not None and nth < len(heads)
        self._start, self._end = (
            (bounds[nth], bounds[nth + 1]) if inside and nth is not None else (0, len(text))
        )
        self._text = text

    def of(self, key: str, table: str = "") -> int:
        """The line of ``key``, in a ``table`` of the network if need be, else of the table or the network."""
        start = self._find(table, self._start) if table else self._start
        return self._text.count("\n", 0, self._find(key, start)) + 1

    def _find(self, key: str, start: int) -> int:
        pattern = re.compile(rf"^[ \t]*(?:\[network\.)?[\"']?{re.escape(key)}\b", re.MULTILINE)
        found = pattern.search(self._text, start, self._end)
        return found.start() if found else start


class _Reader:
    """One ``[[network]]`` on its way to a network; what is wrong goes to ``problems``."""

    def __init__(self, table: dict[str, Any], lines: _Lines, problems: Problems) -> None:
        self._table = table
        self._lines = lines
        self._problems = problems

    def network(self, known: Mapping[str, Network]) -> Network:
        """The network; only good when nothing was added to the problems."""
        for key in self._table.keys() - set(KEYS):
            self._wrong(key, self._table[key], f"one of {', '.join(KEYS)}")
        name = self._names()
        declared, qualifier = self._take("declared", _declared, _UNDECLARED)
        id_ = self._take("id", lambda value: an_id(_text(value)), "", required=True)
        return Network(
            id=id_,
            name_zh=name["zh"],
            name_en=name["en"],
            parent=self._take("parent", lambda value: an_id(_text(value)), None),
            declared=declared,
            declared_qualifier=qualifier,
            declared_as_of=self._take("declared_as_of", _date, ""),
            time_zone=self._take("time_zone", _time_zone, "Asia/Shanghai"),
            **self._seasons(),
            standards=self._take("standards", _standards, ()),
            thresholds=self._thresholds(),
            simulated=self._take("simulated", _flag, False),
            alert_limits=self._alert_limits(known.get(id_)),
        )

    def _take(self, key: str, parse: Callable[[Any], _T], default: _T, *, required: bool = False) -> _T:
        value = self._table.get(key)
        try:
            if value is None and not required:
                return default
            return parse(value)
        except UnusableError as error:
            self._wrong(key, value, str(error))
            return default

    def _wrong(self, key: str, value: object, expected: str, table: str = "") -> None:
        line = self._lines.of(key, table)
        self._problems.add(line, key, "nothing" if value is None else value, expected)

    def _names(self) -> dict[str, str]:
        return self._take("name", _names, {"zh": "", "en": ""}, required=True)

    def _seasons(self) -> dict[str, tuple[int, int]]:
        return self._take("season", _seasons, {})

    def _thresholds(self) -> Thresholds:
        result, wrong = thresholds(self._numbers("thresholds"), Thresholds())
        for key, value, expected in wrong:
            self._wrong(key, value, expected, "thresholds")
        return result

    def _alert_limits(self, before: Network | None) -> Mapping[str, float]:
        if "alert_thresholds" not in self._table:
            return before.alert_limits if before else {}
        result, wrong = alert_limits(self._numbers("alert_thresholds"))
        for key, value, expected in wrong:
            self._wrong(key, value, expected, "alert_thresholds")
        return result

    def _numbers(self, table: str) -> dict[str, object]:
        given = self._table.get(table, {})
        if isinstance(given, dict):
            return given
        self._wrong(table, given, "a table of numbers")
        return {}


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise UnusableError("text between quotation marks")
    return plain_text(value.strip())


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise UnusableError("true or false")
    return value


def _names(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or value.keys() != {"zh", "en"}:
        raise UnusableError('both names: { zh = "...", en = "..." }')
    return {language: _text(name) for language, name in value.items()}


def _declared(value: Any) -> tuple[int | None, Qualifier]:
    number, qualifier = qualified(str(value) if isinstance(value, int) else _text(value), _MAX_DECLARED)
    if isinstance(value, bool) or number != int(number):
        raise UnusableError("a whole number, or text such as 超50")
    return int(number), qualifier


def _date(value: Any) -> str:
    text = str(value)
    if not re.fullmatch(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?", text):
        raise UnusableError('a year, month or day: "2025", "2025-03" or "2025-03-31"')
    return text


def _time_zone(value: Any) -> str:
    try:
        return ZoneInfo(_text(value)).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnusableError("a time zone such as Asia/Shanghai") from None


def _seasons(value: Any) -> dict[str, tuple[int, int]]:
    if not isinstance(value, dict) or not value.keys() <= {"summer", "winter"}:
        raise UnusableError("{ summer = [first, last], winter = [first, last] }, months from 1 to 12")
    return {name: _months(months) for name, months in value.items()}


def _months(value: Any) -> tuple[int, int]:
    match value:
        case [int(first), int(last)] if 1 <= first <= 12 and 1 <= last <= 12:
            return first, last
    raise UnusableError("the first and the last month, e.g. [5, 9]")


def _standards(value: Any) -> tuple[Standard, ...]:
    if not isinstance(value, list):
        raise UnusableError('a list of { name = "...", items = ["...", ...] }')
    return tuple(_standard(each) for each in value)


def _standard(value: Any) -> Standard:
    if not isinstance(value, dict) or not value.keys() <= {"name", "items"}:
        raise UnusableError('{ name = "...", items = ["...", ...] }')
    items = value.get("items", [])
    if not isinstance(items, list):
        raise UnusableError("items as a list of texts")
    return Standard(_text(value.get("name")), tuple(_text(item) for item in items))


def _check_ids(networks: list[Network], text: str, problems: Problems) -> None:
    seen: set[str] = set()
    for n, network in enumerate(networks):
        if network.id and network.id in seen:
            problems.add(_Lines(text, n).of("id"), "id", network.id, "an id that no other network has")
        seen.add(network.id)


def _check_parents(
    networks: list[Network], known: Mapping[str, Network], text: str, problems: Problems
) -> None:
    parents = {network.id: network.parent for network in (*known.values(), *networks)}
    for n, network in enumerate(networks):
        above, name = {network.id}, network.parent
        while name is not None and name in parents and name not in above:
            above.add(name)
            name = parents[name]
        if name is not None:
            expected = "a network that is not inside this one" if name in above else "a known network"
            problems.add(_Lines(text, n).of("parent"), "parent", network.parent, expected)
