"""Where connections go with `--connect-to`."""

from __future__ import annotations

import pytest
from datafi_cdk.cli.connect_to import connect_target, parse_connect_to
from datafi_cdk.errors import CommandError


@pytest.mark.parametrize(
    ("rules", "host", "port", "target"),
    [
        ([], "es", 443, ("es", 443)),
        (["es:443:lb:8443"], "es", 443, ("lb", 8443)),
        (["es:443:lb:8443"], "ES", 443, ("lb", 8443)),
        (["ES:443:lb:8443"], "es", 443, ("lb", 8443)),
        (["es:443:lb:8443"], "es", 80, ("es", 80)),
        (["es:443:lb:8443"], "co", 443, ("co", 443)),
        (["::lb:"], "es", 443, ("lb", 443)),
        (["es:::8443"], "es", 80, ("es", 8443)),
        ([":443:[::1]:8443"], "es", 443, ("::1", 8443)),
        (["[::1]:443:lb:1"], "::1", 443, ("lb", 1)),
        (["es:443:one:1", ":443:two:2"], "co", 443, ("two", 2)),
        (["es:443:one:1", ":443:two:2"], "es", 443, ("one", 1)),
    ],
)
def test_the_first_rule_that_holds_counts(
    rules: list[str], host: str, port: int, target: tuple[str, int]
) -> None:
    """Empty parts hold for any, or change nothing."""
    assert connect_target(parse_connect_to(rules), host, port) == target


@pytest.mark.parametrize(
    "value",
    [
        "",
        "es",
        "es:443:lb",
        "es:443:lb:8443:x",
        "es:x:lb:1",
        "::lb:65536",
        "::lb:0",
        "::1:443:lb:1",
    ],
)
def test_refuses_other_forms(value: str) -> None:
    """What is given is told with the form."""
    with pytest.raises(CommandError, match=r"--connect-to must be HOST1:PORT1:HOST2:PORT2, got "):
        parse_connect_to([value])
