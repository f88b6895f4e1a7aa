"""docs/runbook.md: an entry for each alarm, and commands that there are."""

import re
from typing import Any

import botocore.session
import pytest
import runbook
import typer
from aws_cdk.assertions import Template
from botocore import xform_name
from datafi_cdk.cli.commands import app
from datafi_cdk.monitored_front import faults, wrong_keys
from deployment import ACCOUNT, REGION, edge_stack, minimal
from monitored_deployment import ALARM, Made

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"


@pytest.fixture(scope="module")
def template() -> Template:
    """A stack with alarms that tell a topic."""
    return edge_stack(minimal(monitoring=True, alarm_topic_arn=TOPIC))


def entries(template: Template) -> set[str]:
    """The entries that the descriptions of alarms name, each in a line of its own."""
    found = set()
    for alarm in template.find_resources(ALARM).values():
        *_, line = alarm["Properties"]["AlarmDescription"].splitlines()
        named = re.fullmatch(r"Runbook: docs/runbook\.md#([a-z-]+)", line)
        assert named, line
        found.add(named[1])
    return found


def test_every_alarm_has_an_entry_and_every_entry_an_alarm(template: Template) -> None:
    """Those of every kind of server, and that of dead letters."""
    known = runbook.alarm_entries()
    assert len(known) == len(set(known))
    assert entries(Made().template) | entries(template) == set(known)


def test_entries_say_what_to_look_at_and_what_to_do() -> None:
    """Each of an alarm has the three parts."""
    text = runbook.TEXT.partition("## Alarms\n")[2].partition("## Without an alarm\n")[0]
    for entry in text.split("\n### ")[1:]:
        parts = [found for found in ("**Means**", "**Look at**", "**Do**") if found in entry]
        assert len(parts) == 3, entry.partition("\n")[0]


@pytest.mark.parametrize("link", sorted(set(runbook.links())))
def test_links_lead_somewhere(link: str) -> None:
    """To a file, and to a heading in it."""
    name, _, heading = link.partition("#")
    path = runbook.RUNBOOK.parent / name if name else runbook.RUNBOOK
    assert path.is_file(), link
    if heading:
        assert heading in runbook.anchors(path.read_text(encoding="utf-8"))


def test_commands_name_what_the_stack_makes(template: Template) -> None:
    """The logical ids begin as the commands say."""
    wanted = runbook.made()
    assert len(wanted) >= 8
    for kind, prefix in wanted:
        found = template.find_resources(kind)
        assert [name for name in found if name.startswith(prefix)], f"{kind} {prefix}"


def test_patterns_are_those_that_count() -> None:
    """What the commands show is what the alarms count."""
    patterns = runbook.filter_patterns()
    assert {faults().log_pattern_string, wrong_keys().log_pattern_string} <= patterns


@pytest.fixture(scope="module")
def session() -> Any:
    """What knows the API of AWS."""
    return botocore.session.get_session()


_OF_EVERY_COMMAND = {"--query", "--output"}


@pytest.mark.parametrize("words", runbook.commands("aws"), ids=" ".join)
def test_commands_of_aws_are_there(words: tuple[str, ...], session: Any) -> None:
    """Service, operation and options are those of the API."""
    _, service, operation, *rest = words
    model = session.get_service_model(service)
    shapes = {
        xform_name(name, "-"): model.operation_model(name).input_shape
        for name in model.operation_names
    }
    members = {f"--{xform_name(name, '-')}" for name in shapes[operation].members}
    options = {word for word in rest if word.startswith("--")}
    assert options - members - _OF_EVERY_COMMAND == set()


@pytest.mark.parametrize("words", runbook.commands("datafi-cdk"), ids=" ".join)
def test_commands_of_ours_are_there(words: tuple[str, ...]) -> None:
    """Each is parsed as it stands."""
    command: Any = typer.main.get_command(app)
    rest = list(words[1:])
    while hasattr(command, "commands"):
        command = command.commands[rest.pop(0)]
    command.make_context(words[0], rest)


def test_the_commands_are_found() -> None:
    """The tests above look at many."""
    assert len(runbook.commands("aws")) > 20
    assert len(runbook.commands("datafi-cdk")) > 10
