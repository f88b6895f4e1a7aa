"""The one exception family of datafi-cdk.

Every error that users of this library can cause is a `DatafiError`. What a user can mend by
changing their input is an `InvalidInputError`, which carries *every* fault found, not the first
only. No message holds a value that may be secret: see `Fault.given`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["CommandError", "DatafiError", "Fault", "InvalidInputError", "LocalAwsError"]


class DatafiError(Exception):
    """Base class of every error that users of datafi-cdk can cause.

    Example:
        >>> from datafi_cdk import DatafiError, InvalidInputError
        >>> issubclass(InvalidInputError, DatafiError)
        True
    """


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in the input, said in one sentence.

    Args:
        place: Where the fault is: a construct's path and argument (`"DatafiEdge/Es: cpu"`), or a
            file, line and key (`"datafi.yaml:12: edge_servers.long_running[0].cpu"`).
        allowed: What may stand there, to be read after "must be".
        given: What stands there, as it is to be shown. A value that may be secret is described
            (`"a string"`), never shown.
        remedy: What to do about it, in the imperative.

    Example:
        >>> print(Fault("Es: cpu", "one of 256, 512", "300", "choose one of these"))
        Es: cpu must be one of 256, 512, got 300; choose one of these.
    """

    place: str
    allowed: str
    given: str
    remedy: str

    def __str__(self) -> str:
        """The fault as one sentence: offender, what is allowed, value, remedy."""
        return f"{self.place} must be {self.allowed}, got {self.given}; {self.remedy}."


class InvalidInputError(DatafiError):
    """Raised at synthesis for input that cannot work, with every fault that was found.

    Args:
        faults: What is wrong, at least one. Also the attribute `faults`, a tuple.

    Example:
        >>> error = InvalidInputError([Fault("Es: cpu", "one of 256, 512", "300", "choose one")])
        >>> len(error.faults)
        1
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        """Keep the faults and join their sentences, one a line, to the message."""
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class LocalAwsError(DatafiError):
    """Raised when the embedded AWS, or a command run against it, does not do what it must.

    Example:
        >>> str(LocalAwsError("port 4566 is in use; choose another or leave the port out"))
        'port 4566 is in use; choose another or leave the port out'
    """


class CommandError(DatafiError):
    """Raised when the `datafi-cdk` command cannot do what it was asked to.

    Example:
        >>> str(CommandError("app.py is there already; name another folder"))
        'app.py is there already; name another folder'
    """
