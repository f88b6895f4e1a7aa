"""Checks lines for a shell without running them: syntax, programs, their commands and options."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import botocore.session
import typer.main
from botocore import xform_name
from datafi_cdk.cli.commands import app
from datafi_cdk.local.npm_packages import cdk_cli_version

from .pages import ROOT

# Programs of which nothing more is checked, and words of the shell before a command.
_PROGRAMS = """
. cat cd cp curl cut date diff dig docker echo export for git grep head jq ls mkdir mv openssl
printf pytest python3 read rm sed set sh sleep sort test tr true umask wc
"""
_OTHERS = frozenset(_PROGRAMS.split())
_KEYWORDS = frozenset({"!", "{", "}", "do", "done", "else", "fi", "if", "then", "until", "while"})
_CDK_COMMANDS = frozenset({"bootstrap", "deploy", "destroy", "diff", "list", "ls", "synth"})
_AWS_OPTIONS = frozenset(
    f"--{name}" for name in ("no-cli-pager", "no-paginate", "output", "profile", "query", "region")
)
# What the AWS CLI has beside the operations of its services.
_AWS_COMMANDS = frozenset(
    {"cloudformation wait", "ecr get-login-password", "ecs wait", "logs tail", "sso login"}
    | {f"s3 {operation}" for operation in ("cp", "ls", "rb", "rm", "sync")}
)
_HEREDOC = re.compile(r"<<-?\s*['\"]?(\w+)['\"]?(.*?)\n.*?^\s*\1$", re.DOTALL | re.MULTILINE)
_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\n]*")
_FUNCTION = re.compile(r"^(\w+)\(\)", re.MULTILINE)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_SUBSTITUTION = re.compile(r"\$\((.*)\)", re.DOTALL)


def functions(script: str) -> set[str]:
    """The functions that a script defines.

    Args:
        script: The script.
    """
    return set(_FUNCTION.findall(script))


def shell_faults(script: str, known: Collection[str] = ()) -> list[str]:
    """What is wrong with a script.

    Args:
        script: The script.
        known: Functions that are defined before it.

    Returns:
        A sentence for each fault.
    """
    checked = subprocess.run(["sh", "-n"], input=script, capture_output=True, text=True)
    if checked.returncode:
        return [checked.stderr.strip()]
    defined = {*known, *functions(script)}
    return [
        fault
        for command in _commands(_plain(script))
        if command[0] not in defined
        for fault in _command_faults(command)
    ]


def console_faults(session: str) -> list[str]:
    """What is wrong with the commands of a session, the lines that begin with `$ `.

    Args:
        session: The session, with what the commands print.
    """
    commands = [line[2:] for line in session.splitlines() if line.startswith("$ ")]
    return shell_faults("\n".join(commands)) if commands else ["no line begins with `$ `"]


def _command_faults(command: Sequence[str]) -> list[str]:
    """What is wrong with one command: the program and its arguments."""
    name = command[0].rpartition("/")[2]
    check = _CHECKS.get(name)
    if check:
        return [f"{shlex.join(command)}: {fault}" for fault in check(command[1:])]
    if name in _OTHERS:
        return []
    return [f"{name}: no program that is known; add it to tests/docs/shell.py"]


def _plain(script: str) -> str:
    """The script without comments, here-documents and broken lines."""
    return _COMMENT.sub("", _HEREDOC.sub(r"\2", script).replace("\\\n", " "))


def _commands(script: str) -> Iterator[list[str]]:
    """The simple commands of a script, those in `$(…)` as well."""
    words = shlex.shlex(script, posix=True, punctuation_chars="();<>|&\n")
    words.whitespace = " \t\r"
    words.whitespace_split = True
    words.commenters = ""
    command: list[str] = []
    is_file = False
    for word in [*words, "\n"]:
        if set(word) <= set("();|&\n") and not set(word) & set("<>"):
            if command:
                yield command
            command, is_file = [], False
        elif set(word) <= set("<>&"):
            is_file = True
        elif is_file:
            is_file = False
        elif command or not (word in _KEYWORDS or _ASSIGNMENT.fullmatch(word)):
            command.append(word)
        for inner in _SUBSTITUTION.findall(word):
            yield from _commands(inner)


def _datafi_cdk_faults(arguments: Sequence[str]) -> list[str]:
    """Parse the command line as the command itself does, and do not run it."""
    rest = list(arguments)
    group: Any = typer.main.get_command(app)
    parent = None
    try:
        while True:
            parent = group.make_context(group.name, rest, parent=parent)
            if not hasattr(group, "resolve_command"):
                return []
            _, group, rest = group.resolve_command(parent, [*parent._protected_args, *parent.args])
    except typer.Exit:
        return []
    except typer.TyperException as error:
        return [error.format_message()]


@cache
def _aws() -> botocore.session.Session:
    return botocore.session.get_session()


def _aws_faults(arguments: Sequence[str]) -> list[str]:
    words = [word for word in arguments if not word.startswith("--")]
    if len(words) < 2:
        return ["a service and an operation are to be named first"]
    service, operation = arguments[:2]
    if f"{service} {operation}" in _AWS_COMMANDS:
        return []
    if service == "s3api":
        service = "s3"
    elif service == "s3":
        return [f"there is no command s3 {operation}"]
    if service not in _aws().get_available_services():
        return [f"there is no service {service}"]
    model = _aws().get_service_model(service)
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    if operation not in operations:
        return [f"{service} has no operation {operation}"]
    shape = model.operation_model(operations[operation]).input_shape
    members = shape.members if shape else {}
    known = _AWS_OPTIONS | {
        f"--{prefix}{xform_name(name, '-')}" for name in members for prefix in ("", "no-")
    }
    given = {word.partition("=")[0] for word in arguments if word.startswith("--")}
    return [f"there is no option {option}" for option in sorted(given - known)]


def _npx_faults(arguments: Sequence[str]) -> list[str]:
    package = next((word for word in arguments if not word.startswith("-")), "")
    if package != f"aws-cdk@{cdk_cli_version()}":
        return [f"the package is aws-cdk@{cdk_cli_version()}"]
    return _cdk_faults(arguments[list(arguments).index(package) + 1 :])


def _cdk_faults(arguments: Sequence[str]) -> list[str]:
    command = arguments[0] if arguments else ""
    return [] if command in _CDK_COMMANDS else [f"there is no command {command!r}"]


def _projen_faults(arguments: Sequence[str]) -> list[str]:
    tasks = json.loads((ROOT / ".projen" / "tasks.json").read_text())["tasks"]
    return [f"there is no task {name}" for name in arguments[:1] if name not in tasks]


def _pip_faults(arguments: Sequence[str]) -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    faults = []
    for extras in re.findall(r"(?:datafi-cdk|\.)\[([^]]*)\]", " ".join(arguments)):
        unknown = set(extras.split(",")) - set(project["optional-dependencies"])
        faults += [f"there is no extra {extra}" for extra in sorted(unknown)]
    return faults


def _xargs_faults(arguments: Sequence[str]) -> list[str]:
    """Look at the command after the options of xargs."""
    known = _OTHERS | _CHECKS.keys()
    first = next((index for index, word in enumerate(arguments) if word in known), None)
    return ["no command is known"] if first is None else _command_faults(arguments[first:])


_CHECKS: Mapping[str, Callable[[Sequence[str]], list[str]]] = {
    "aws": _aws_faults,
    "cdk": _cdk_faults,
    "datafi-cdk": _datafi_cdk_faults,
    "npx": _npx_faults,
    "pip": _pip_faults,
    "projen": _projen_faults,
    "xargs": _xargs_faults,
}
