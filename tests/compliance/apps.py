"""The apps that are looked at, and what there is to say of one."""

from pathlib import Path
from typing import NamedTuple

EXAMPLES = sorted(
    (path.parent for path in (Path(__file__).parents[2] / "examples").glob("*/app.py")),
    key=lambda path: path.name,
)
HARDENED = sorted((Path(__file__).parent / "hardened").glob("*.yaml"))
"""What the examples deploy, as `DatafiEdgeStack` deploys it hardened."""
EXAMINE = Path(__file__).parent / "examine.py"


class Note(NamedTuple):
    """A finding, or an acknowledgement of one."""

    path: str
    id: str
    text: str
    """The severity of a finding, the reason of an acknowledgement."""


class Examined(NamedTuple):
    """What there is to say of an app."""

    assembly: Path
    findings: list[Note]
    acknowledged: list[Note]

    def unacknowledged(self, packs: set[str]) -> list[str]:
        """Errors of these rule packs for which no acknowledgement stands at or above."""
        return [
            f"{each.id} at {each.path}"
            for each in self.findings
            if each.text == "error"
            and each.id.partition("::")[0] in packs
            and not any(_covers(note, each) for note in self.acknowledged)
        ]

    def unmatched(self) -> list[str]:
        """Acknowledgements of what was not found."""
        return [
            f"{note.id} at {note.path}"
            for note in self.acknowledged
            if not any(_covers(note, each) for each in self.findings)
        ]


def _covers(acknowledgement: Note, finding: Note) -> bool:
    return acknowledgement.id == finding.id and f"{finding.path}/".startswith(
        f"{acknowledgement.path}/"
    )
