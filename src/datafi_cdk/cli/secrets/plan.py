"""What an import writes: every value is checked before the first is written."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...errors import CommandError
from .config_edit import Keys, dotted
from .draft import Draft
from .given import GivenValues
from .jwt_keys import pair_problem
from .store import SecretFormError, SecretStore, StoredSecret, as_text
from .targets import Target, Wanted, targets, undecided_servers
from .values import value_problem

_HOW_TO_MAKE = {
    "KEY": "make it with `datafi-cdk keys edge {server}`",
    "EDGE_KEY": "make it with `datafi-cdk keys edge {server}`",
    "JWT_KEY": "make it with `datafi-cdk keys jwt`",
    "JWT_KID": "make it with `datafi-cdk keys jwt`",
    "JWT_JWKS": "make it with `datafi-cdk keys jwt`",
    "KEYVAL": "make it with `datafi-cdk keys redis`",
    "username": "export it as Datafi gave it to you, or run `datafi-cdk keys make`",
    "password": "export it as Datafi gave it to you, or run `datafi-cdk keys make`",
}


@dataclass
class Change:
    """A secret, and what it holds after the import.

    Args:
        target: What it is for.
        stored: What it is now; `None` if it is to be made.
        fields: Its fields after the import; of a plain string, the string under `None`.
        added: The fields that are new.
        replaced: The fields whose value becomes another one.
        keys: The keys of the file that get its ARN.
    """

    target: Target
    stored: StoredSecret | None
    fields: dict[str | None, object] = field(repr=False)
    added: list[str | None] = field(default_factory=list)
    replaced: list[str | None] = field(default_factory=list)
    keys: list[Keys] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name of the secret."""
        return self.stored.name if self.stored else self.target.name

    @property
    def text(self) -> str:
        """Its string after the import."""
        if None in self.fields:
            return str(self.fields[None])
        return as_text({str(name): value for name, value in self.fields.items()})

    @property
    def action(self) -> str:
        """What happens to it: `create`, `change` or `keep`."""
        if self.stored is None:
            return "create"
        return "change" if self.added or self.replaced else "keep"


def plan_import(draft: Draft, given: GivenValues, store: SecretStore) -> list[Change]:
    """Find out what each secret is to hold.

    Args:
        draft: The configuration.
        given: The values that the user has.
        store: The secrets that are there.

    Returns:
        The secrets in the order in which they are written.

    Raises:
        CommandError: With everything that is missing or wrong, one sentence a line.
        botocore.exceptions.ClientError: A secret may not be read.
    """
    planning = _Planning(given, store)
    planning.problems += [
        f"{place} must be given where the tag does not tell which key the image reads;"
        " write [KEY] or [EDGE_KEY]"
        for place in undecided_servers(draft)
    ]
    for target in targets(draft):
        planning.add(target)
    planning.compare_tokens(draft)
    if planning.problems:
        raise CommandError("\n".join(planning.problems))
    return list(planning.changes.values())


class _Planning:
    def __init__(self, given: GivenValues, store: SecretStore) -> None:
        self._given = given
        self._store = store
        self.changes: dict[str, Change] = {}
        self.problems: list[str] = []
        self._held: dict[tuple[str, str], tuple[str, str]] = {}

    def add(self, target: Target) -> None:
        values = {wanted: self._valid(wanted) for wanted in target.wanted}
        is_needed = any(w.is_required for w in values) or any(values.values())
        if not (target.arn or is_needed):
            return
        change = self._change(target)
        if change is None:
            return
        for wanted, value in values.items():
            self._set(change, wanted, value)

    def _change(self, target: Target) -> Change | None:
        """The change of a secret, the same for all that goes into it; `None` with a problem."""
        stored = self._store.read(target.arn or target.name)
        key = stored.arn if stored else target.name
        if key not in self.changes:
            problem, fields = self._current(target, stored)
            if problem:
                self._tell(problem)
                return None
            self.changes[key] = Change(target, stored, fields)
        if target.arn is None:
            self.changes[key].keys.append(target.keys)
        return self.changes[key]

    def _current(
        self, target: Target, stored: StoredSecret | None
    ) -> tuple[str | None, dict[str | None, object]]:
        place = dotted(target.keys)
        if stored is None:
            missing = f"{place} names a secret that is not there; remove the key, or correct it"
            return (missing if target.arn else None), {}
        if stored.is_deleted:
            remedy = f"aws secretsmanager restore-secret --secret-id {stored.name}"
            return f"the secret {stored.name} is scheduled for deletion; run: {remedy}", {}
        if any(wanted.field is None for wanted in target.wanted):
            return None, {} if stored.text is None else {None: stored.text}
        try:
            return None, dict(stored.fields().items())
        except SecretFormError as error:
            remedy = "correct it by hand, or let the file name another one"
            return f"the secret {stored.name} {error}; {remedy}", {}

    def _valid(self, wanted: Wanted) -> str | None:
        """A value that the user has, if it is as it must be."""
        value, problem = self._given.value(wanted)
        if problem:
            self._tell(problem)
        elif value is not None:
            if wrong := value_problem(wanted.variable, value):
                self._tell(f"{wanted.names[0]} must be {wrong}; {_remedy(wanted)}")
            else:
                return value
        return None

    def _set(self, change: Change, wanted: Wanted, value: str | None) -> None:
        now = change.fields.get(wanted.field)
        if value is None:
            if now is None and wanted.is_required:
                self._miss(wanted)
            value = now if isinstance(now, str) else None
        elif now is None:
            change.added.append(wanted.field)
        elif value != (now.strip() if wanted.field is None and isinstance(now, str) else now):
            if wanted.field in change.added or wanted.field in change.replaced:
                self.problems.append(
                    f"{wanted.names[0]} goes to a field of {change.name} that another value"
                    " goes to; name another secret or field"
                )
            change.replaced.append(wanted.field)
        else:
            value = str(now)
        if value is not None:
            change.fields[wanted.field] = value
            self._held[wanted.server, wanted.variable] = wanted.names[0], value

    def _miss(self, wanted: Wanted) -> None:
        names = " or ".join(wanted.names)
        if not self._is_told(wanted):
            self._tell(f"{names} must be given, got nothing; {_remedy(wanted)}")

    def _tell(self, problem: str) -> None:
        """Keep a problem, once."""
        if problem not in self.problems:
            self.problems.append(problem)

    def _is_told(self, wanted: Wanted) -> bool:
        return any(
            problem.startswith(f"{name} ") for name in wanted.names for problem in self.problems
        )

    def compare_tokens(self, draft: Draft) -> None:
        """Whether each server accepts what the coordinator signs."""
        coordinator = draft.config.coordinator
        if coordinator is None:
            return
        key, kid = (
            self._held.get((coordinator.name, variable)) for variable in ("JWT_KEY", "JWT_KID")
        )
        if not key or not kid:
            return
        for (server, variable), (name, jwks) in self._held.items():
            if variable == "JWT_JWKS" and (problem := pair_problem(key[1], kid[1], jwks)):
                whose = f" of {server}" if server else ""
                self.problems.append(
                    f"{name}{whose} {problem}; give {key[0]}, {kid[0]} and {name} of one pair,"
                    " as `datafi-cdk keys jwt` makes it"
                )


def _remedy(wanted: Wanted) -> str:
    template = _HOW_TO_MAKE.get(wanted.variable, "set it, or put it into the file of --env-file")
    return template.format(server=wanted.server)
