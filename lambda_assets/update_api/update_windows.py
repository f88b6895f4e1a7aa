"""When updates are taken, in UTC: weekly windows, less the times of a freeze."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_DAY_MINUTES = 24 * 60
_WEEK_MINUTES = 7 * _DAY_MINUTES
_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class UpdateWindows:
    """Weekly windows and freezes.

    Attributes:
        windows: Start and length of each, in minutes since Monday 00:00 UTC; none means always.
        freezes: Start and end of each, in UTC; without an end it lasts for good.
    """

    windows: tuple[tuple[int, int], ...] = ()
    freezes: tuple[tuple[datetime, datetime | None], ...] = ()

    @classmethod
    def from_json(cls, text: str) -> UpdateWindows:
        """Read `{"windows": [[start, length]], "freezes": [[start, end]]}`, times as ISO 8601."""
        document = json.loads(text)
        return cls(
            tuple((start, length) for start, length in document.get("windows", ())),
            tuple(
                (_utc(start) or _EARLIEST, _utc(end) if end else None)
                for start, end in document.get("freezes", ())
            ),
        )

    def is_open(self, now: datetime) -> bool:
        """Whether an update may begin."""
        frozen = any(start <= now and (end is None or now < end) for start, end in self.freezes)
        return not frozen and (not self.windows or self._in_window(now))

    def next_opening(self, now: datetime) -> datetime | None:
        """The next time at which one may begin; `None` if there is none.

        That is the end of a freeze, or the start of a window within a week of now or of such an
        end. So a freeze may end in any year.
        """
        ends = [end for _, end in self.freezes if end is not None and end > now]
        starts = [start for moment in [now, *ends] for start in self._starts_after(moment)]
        return next((moment for moment in sorted([*ends, *starts]) if self.is_open(moment)), None)

    def _starts_after(self, moment: datetime) -> list[datetime]:
        """The next start of each window; none where the calendar ends."""
        try:
            minute = moment.replace(second=0, microsecond=0)
            waits = [
                (start - _minute_of_week(minute) - 1) % _WEEK_MINUTES + 1
                for start, _ in self.windows
            ]
            return [minute + timedelta(minutes=wait) for wait in waits]
        except OverflowError:
            return []

    def _in_window(self, now: datetime) -> bool:
        minute = _minute_of_week(now)
        return any((minute - start) % _WEEK_MINUTES < length for start, length in self.windows)


def _minute_of_week(moment: datetime) -> int:
    return moment.weekday() * _DAY_MINUTES + moment.hour * 60 + moment.minute


def _utc(text: str) -> datetime | None:
    """A time of ISO 8601 in UTC, or `None` if it is beyond the calendar there."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError:
        return None
