"""When updates are taken, in UTC: weekly windows, less the times of a freeze."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

_DAY_MINUTES = 24 * 60
_WEEK_MINUTES = 7 * _DAY_MINUTES


@dataclass(frozen=True)
class UpdateWindows:
    """Weekly windows and freezes.

    Attributes:
        windows: Start and length of each, in minutes since Monday 00:00 UTC; none means always.
        freezes: Start and end of each; without an end it lasts for good.
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
                (datetime.fromisoformat(start), datetime.fromisoformat(end) if end else None)
                for start, end in document.get("freezes", ())
            ),
        )

    def is_open(self, now: datetime) -> bool:
        """Whether an update may begin."""
        frozen = any(start <= now and (end is None or now < end) for start, end in self.freezes)
        return not frozen and (not self.windows or self._in_window(now))

    def next_opening(self, now: datetime) -> datetime | None:
        """The next time at which one may begin; `None` if there is none.

        That is the start of a window or the end of a freeze, whichever is open first: a week after
        the last freeze every window has begun once.
        """
        ends = [end for _, end in self.freezes if end is not None and end > now]
        last = max([now, *ends]) + timedelta(days=8)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        monday = midnight - timedelta(days=now.weekday())
        starts = [
            monday + timedelta(days=7 * week, minutes=start)
            for week in range((last - monday).days // 7 + 1)
            for start, _ in self.windows
        ]
        candidates = sorted(moment for moment in [*ends, *starts] if now < moment <= last)
        return next((moment for moment in candidates if self.is_open(moment)), None)

    def _in_window(self, now: datetime) -> bool:
        minute = now.weekday() * _DAY_MINUTES + now.hour * 60 + now.minute
        return any((minute - start) % _WEEK_MINUTES < length for start, length in self.windows)
