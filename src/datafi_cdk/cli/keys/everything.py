"""Makes, or asks for, every value that a configuration still needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer
from rich.markup import escape

from ...errors import CommandError
from ...validation import JWT_JWKS
from ..options import DEFAULT_CONFIG, as_option
from ..output import error_console
from ..secrets.algorithms import Algorithm
from ..secrets.draft import Draft
from ..secrets.env_file import add_to_env_file
from ..secrets.given import GivenValues
from ..secrets.jwt_keys import make_jwt_keys
from ..secrets.targets import Wanted, targets
from ..secrets.values import value_problem
from .common import DEFAULT_FILE
from .edge_key import edge_key
from .hidden import ask_hidden
from .redis_key import make_keyval

_JWT = {"JWT_KEY": "key", "JWT_KID": "kid", "JWT_JWKS": "jwks"}
_BY_HAND = "export it as Datafi gave it to you, or add it to the file"


def make_everything(
    draft: Draft, out: Path, algorithm: Algorithm, *, asks: bool
) -> list[dict[str, Any]]:
    """Make what can be made, and ask for the rest; each value is written as soon as it is there.

    Args:
        draft: The configuration. Of its secrets, only those without an ARN are looked at.
        out: The shell file, which is extended; what it or the environment has is not made again.
        algorithm: How tokens are signed.
        asks: Whether there is somebody to ask.

    Returns:
        For each variable its `name`, `server`, `state` ("there", "made", "entered" or "missing")
        and `how` it is made.

    Raises:
        CommandError: The file cannot be read, a half of a pair is there without the other, or what
            was entered is no such value.
        OSError: The file cannot be written.
    """
    given = GivenValues([out] if out.exists() else [])
    wanted = list(_wanted(draft))
    states = {each.names[0]: "there" for each in wanted if given.value(each)[0]}
    missing = [each for each in wanted if each.names[0] not in states]

    def keep(values: dict[str, str], state: str) -> None:
        if values:
            add_to_env_file(out, values)
            states.update(dict.fromkeys(values, state))

    keep(_pair(wanted, missing, algorithm), "made")
    if asks:
        for each in missing:
            if each.names[0] not in states:
                keep(_entered(draft, each), "entered")
    return [
        {
            "name": each.names[0],
            "server": each.server,
            "state": states.get(each.names[0], "missing"),
            "how": _how(draft, each, out),
        }
        for each in wanted
    ]


def _wanted(draft: Draft) -> Iterator[Wanted]:
    """What is required of secrets that the file does not name yet, each once.

    A new private key needs a new public half, also where there is a secret for that already.
    """
    coordinator = draft.config.coordinator
    makes_pair = coordinator is not None and draft.arn(coordinator.secret_arn) is None
    seen = set()
    for target in targets(draft):
        for each in target.wanted:
            is_open = target.arn is None or (makes_pair and each.variable == JWT_JWKS)
            if is_open and each.is_required and each.names[0] not in seen:
                seen.add(each.names[0])
                yield each


def _pair(wanted: list[Wanted], missing: list[Wanted], algorithm: Algorithm) -> dict[str, str]:
    """Both halves of a signing key, unless they are there, or one of them is somewhere else."""
    ours = [each for each in wanted if each.variable in _JWT]
    absent = [each for each in missing if each.variable in _JWT]
    if not absent or not _JWT.keys() <= {each.variable for each in ours}:
        return {}
    if len(absent) < len(ours):
        there = ", ".join(each.names[0] for each in ours if each not in absent)
        raise CommandError(
            f"{', '.join(each.names[0] for each in absent)} must be given with {there}, as both"
            f" halves are made together; add the rest, or take {there} out"
        )
    keys = make_jwt_keys(algorithm)
    return {each.names[0]: getattr(keys, _JWT[each.variable]) for each in ours}


def _entered(draft: Draft, wanted: Wanted) -> dict[str, str]:
    """What somebody enters at the keyboard; nothing if they enter nothing."""
    value = _QUESTIONS.get(wanted.variable, _ask_value)(draft, wanted)
    if not value:
        return {}
    if problem := value_problem(wanted.variable, value):
        raise CommandError(
            f"{wanted.names[0]} must be {problem}; run the same command again, which continues"
        )
    return {wanted.names[0]: value}


def _ask_value(draft: Draft, wanted: Wanted) -> str:
    return ask_hidden(f"{wanted.names[0]} (hidden; Enter to do it later)")


def _ask_edge_key(draft: Draft, wanted: Wanted) -> str:
    command = edge_key(draft, wanted.server).command
    error_console().print(
        f"The edge server {wanted.server} makes its own key. Run where there is Docker:"
        f"\n  {escape(command)}",
        soft_wrap=True,
    )
    return ask_hidden("What it printed (hidden; Enter to do it later)")


def _ask_redis(draft: Draft, wanted: Wanted) -> str:
    address = _ask_or_later("Redis of the coordinator, host:port")
    if not address:
        return ""
    username: str = typer.prompt("Its username", default="default", err=True)
    secure = typer.confirm("Does it take encrypted connections?", default=True, err=True)
    return make_keyval(address, username, ask_hidden("Its password (hidden)"), secure=secure)


def _ask_username(draft: Draft, wanted: Wanted) -> str:
    return _ask_or_later("Username of the coordinator's registry").strip()


def _ask_or_later(question: str) -> str:
    """What somebody enters where all can see it; nothing if they only press Enter."""
    answer: str = typer.prompt(
        f"{question} (Enter to do it later)", default="", show_default=False, err=True
    )
    return answer


_QUESTIONS: dict[str, Callable[[Draft, Wanted], str]] = {
    "KEY": _ask_edge_key,
    "EDGE_KEY": _ask_edge_key,
    "KEYVAL": _ask_redis,
    "username": _ask_username,
}


def _how(draft: Draft, wanted: Wanted, out: Path) -> str:
    """The command that makes a value, or where it comes from."""
    to = as_option("--out", out, DEFAULT_FILE)
    if wanted.variable in ("KEY", "EDGE_KEY"):
        of = as_option("--config", draft.path, DEFAULT_CONFIG)
        command = edge_key(draft, wanted.server).command
        return f"{command} | datafi-cdk keys edge {wanted.server}{of}{to}"
    if wanted.variable == "KEYVAL":
        return f"datafi-cdk keys redis HOST:PORT{to}"
    return f"datafi-cdk keys jwt{to}" if wanted.variable in _JWT else _BY_HAND
