"""Dates as pages write them, to ISO 8601."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_ISO = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[-/.](\d{1,2})[-/.](\d{1,2})"
    r"(?:[T ]+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?\s?(Z|UTC|GMT|[+-]\d\d:?\d\d)?)?"
)
_PLAIN = re.compile(r"^((?:19|20)\d\d)(\d\d)(\d\d)(?:T?\d{4,6}Z?)?$")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]{0,7}\.?"
_MONTH_FIRST = re.compile(rf"\b{_MONTH}\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+((?:19|20)\d\d)\b", re.IGNORECASE)
_DAY_FIRST = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+{_MONTH},?\s+((?:19|20)\d\d)\b", re.IGNORECASE)
_EUROPEAN = re.compile(r"(?<!\d)(\d{1,2})\.(\d{1,2})\.((?:19|20)\d\d)(?!\d)")


def iso_date(text: str) -> str | None:
    """The date in `text`, with the time of day and the zone if it has them; None when there is none.

    >>> iso_date("2019-11-20T10:15:00+0000"), iso_date("Wed, 20 Nov 2019 10:15:00 GMT"), iso_date("Nov. 20, 2019")
    ('2019-11-20T10:15:00+00:00', '2019-11-20T10:15:00+00:00', '2019-11-20')

    Days and months in digits are read only where their order is plain: "11/12/2019" is None.
    """
    text = text.strip()[:100]
    if match := _ISO.search(text):
        return _iso(match)
    if match := _PLAIN.match(text):
        return _day(match[1], match[2], match[3])
    if ":" in text and re.match(r"^[A-Z][a-z]{2}, ", text):
        try:
            return parsedate_to_datetime(text).isoformat()
        except (ValueError, OverflowError):  # a year or a zone of sixty digits
            return None
    if match := _MONTH_FIRST.search(text):
        return _day(match[3], _month(match[1]), match[2])
    if match := _DAY_FIRST.search(text):
        return _day(match[3], _month(match[2]), match[1])
    if match := _EUROPEAN.search(text):
        return _day(match[3], match[2], match[1])
    return None


def _month(name: str) -> str:
    return str(_MONTHS.index(name[:3].lower()) + 1)


def _day(year: str, month: str, day: str) -> str | None:
    try:
        return datetime(int(year), int(month), int(day)).date().isoformat()
    except ValueError:
        return None


def _iso(match: re.Match[str]) -> str | None:
    year, month, day, hour, minute, second, zone = match.groups()
    date = _day(year, month, day)
    if date is None or hour is None:
        return date
    time = f"{int(hour):02}:{minute}:{second or '00'}"
    if zone in ("Z", "UTC", "GMT"):
        zone = "+00:00"
    elif zone and ":" not in zone:
        zone = f"{zone[:3]}:{zone[3:]}"
    moment = f"{date}T{time}{zone or ''}"
    try:
        datetime.fromisoformat(moment)
    except ValueError:  # no such time of day, or no such zone
        return date
    return moment


def moment_of(published: str | None) -> datetime | None:
    """When an article was published; a day is its midnight, a time without a zone is UTC. None: it is no date.

    >>> moment_of("Wed, 20 Nov 2019 10:15:00 +0100").isoformat(), moment_of("Nov. 20, 2019").isoformat()
    ('2019-11-20T09:15:00+00:00', '2019-11-20T00:00:00+00:00')
    """
    told = iso_date(published) if published else None
    if told is None:
        return None
    try:
        moment = datetime.fromisoformat(told)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the year 0 or 10000, in UTC
        return None
