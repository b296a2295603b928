"""The form of a receiver: as it was sent, as it is stored, and as the directory takes it."""

from dataclasses import dataclass, field, replace

from server.alerts.kinds import KINDS
from server.alerts.model import SEVERITIES
from server.notify.receivers.checks import DirectoryError, ReceiverForm
from server.notify.receivers.directory import ReceiverEntry
from server.notify.receivers.model import Quiet
from server.web.staff.messages.takes import Theirs, matchers, theirs_of
from server.web.staff.places import ticked
from server.web.staff.visit import Visit
from server.web.text import LANGUAGES, Language


@dataclass(frozen=True, slots=True)
class Draft:
    """A form as it is filled in; ``quiet_from``, ``quiet_until``: ``22:00`` and ``07:00``, "" for none."""

    name: str = ""
    channel: str = ""
    language: str = "zh"
    reach: str = ""
    theirs: Theirs = field(default_factory=Theirs)
    second: str = ""
    quiet_from: str = ""
    quiet_until: str = ""
    time_zone: str = "Asia/Shanghai"


def sent(visit: Visit) -> Draft:
    """What was sent."""
    form = visit.form
    kinds = tuple(code for code in KINDS if code in visit.many("kind"))
    severities = tuple(each for each in SEVERITIES if each in visit.many("severity"))
    return Draft(
        name=form.get("name", "").strip(),
        channel=form.get("channel", ""),
        language=form.get("language", ""),
        reach=form.get("reach", ""),
        theirs=Theirs(
            server="server" in form,
            places=ticked(visit),
            kinds=() if len(kinds) == len(KINDS) else kinds,
            severities=() if len(severities) == len(SEVERITIES) else severities,
        ),
        second=form.get("second", ""),
        quiet_from=form.get("quiet_from", "").strip(),
        quiet_until=form.get("quiet_until", "").strip(),
        time_zone=form.get("time_zone", ""),
    )


def draft_of(entry: ReceiverEntry) -> Draft:
    """What is stored."""
    theirs, quiet = theirs_of(entry.takes), entry.quiet
    return Draft(
        name=entry.name,
        channel=entry.channel,
        language=entry.language,
        reach="all" if theirs.everywhere else "some",
        theirs=theirs,
        second=entry.second,
        quiet_from=clock(quiet.from_min) if quiet else "",
        quiet_until=clock(quiet.to_min) if quiet else "",
        time_zone=entry.time_zone,
    )


def checked(draft: Draft) -> ReceiverForm:
    """The form as the directory takes it.

    Raises:
        DirectoryError: a field that cannot be.
    """
    languages: dict[str, Language] = {each: each for each in LANGUAGES}
    theirs = replace(draft.theirs, everywhere=draft.reach == "all")
    if draft.reach not in ("all", "some") or not matchers(theirs):
        raise DirectoryError("takes", "takes", "nothing would be theirs")
    return ReceiverForm(
        name=draft.name,
        channel=draft.channel,
        language=languages.get(draft.language, "zh"),
        takes=matchers(theirs),
        second=draft.second,
        quiet=_quiet(draft),
        time_zone=draft.time_zone,
    )


def _quiet(draft: Draft) -> Quiet | None:
    """Quiet hours; None for none.

    Raises:
        DirectoryError: half of them, or no time of the day.
    """
    if not draft.quiet_from and not draft.quiet_until:
        return None
    try:
        return Quiet(_minute(draft.quiet_from), _minute(draft.quiet_until), draft.time_zone)
    except ValueError as error:
        raise DirectoryError("quiet", "quiet", "from and until, as 22:00 and 07:00") from error


def _minute(text: str) -> int:
    """``22:05`` as minutes of the day.

    Raises:
        ValueError: it is none.
    """
    hours, _, minutes = text.partition(":")
    if not (len(hours) == 2 == len(minutes) and (hours + minutes).isascii() and (hours + minutes).isdigit()):
        raise ValueError(text)
    if int(minutes) > 59:
        raise ValueError(text)
    return 60 * int(hours) + int(minutes)


def clock(minute: int) -> str:
    """Minutes of the day as ``22:05``."""
    return f"{minute // 60:02}:{minute % 60:02}"
