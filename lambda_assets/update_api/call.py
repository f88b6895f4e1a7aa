"""One request on its way through the function."""

from __future__ import annotations

from api_errors import AwsFault
from http_message import HttpRequest


class Call:
    """A request, and what is to be said of it.

    Args:
        request: The request.
        request_id: Its id.

    Attributes:
        entry: What is logged beside what every line has.
        warnings: What the answer says that went wrong beside it.
        has_updated: Whether something was deployed.
    """

    def __init__(self, request: HttpRequest, request_id: str) -> None:
        """Nothing is said yet."""
        self.request = request
        self.request_id = request_id
        self.entry: dict[str, object] = {}
        self.warnings: list[str] = []
        self.has_updated = False
        self._left: list[str] = []

    def log_fault(self, fault: AwsFault) -> None:
        """Note a fault for the log: the first one by its parts, what follows from it in words."""
        if "fault" in self.entry:
            self._left.append(str(fault))
        else:
            self.entry.update(
                fault=fault.action, code=fault.code, awsRequestId=fault.aws_request_id
            )
        self._left += fault.left
        if self._left:
            self.entry["left"] = self._left
