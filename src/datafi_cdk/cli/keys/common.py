"""What the subcommands of `datafi-cdk keys` have in common."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from ..output import console, print_json
from ..secrets.algorithms import Algorithm

if TYPE_CHECKING:
    from .destination import Made

DEFAULT_FILE = Path("env.sh")

OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE",
        help="The shell file to add to; only you can read it.",
        show_default="env.sh",
    ),
]
SecretOption = Annotated[
    str | None,
    typer.Option(
        "--to-secret",
        metavar="NAME_OR_ARN",
        help="A secret of Secrets Manager to write to in place of a file; made if it is not there.",
    ),
]
ShowOption = Annotated[
    bool, typer.Option("--show", help="Show the values, private ones too, in place of a file.")
]
AlgorithmOption = Annotated[
    Algorithm, typer.Option("--algorithm", help="How tokens are signed: RSA 2048 or ECDSA P-256.")
]


def finish(
    made: Made,
    out: Path | None,
    account: tuple[str | None, str | None, bool],
    *,
    show: bool,
    json: bool,
) -> None:
    """Hand over values, and tell where they are.

    Args:
        made: The values.
        out: The shell file, if one was named.
        account: Profile, region, and whether it is the embedded AWS.
        show: Whether the values are shown.
        json: Whether the result is JSON.

    Raises:
        CommandError: As `deliver`.
    """
    from ..aws_access import AwsAccess
    from .destination import deliver, told

    profile, region, local = account
    aws = None
    if any(secret for secret, _ in made.into):
        aws = AwsAccess(profile=profile, region=region, local=local)
    result = deliver(made, out=out, show=show, aws=aws)
    if json:
        print_json(result)
        return
    for line in told(result):
        console().print(Text(line), soft_wrap=True)
