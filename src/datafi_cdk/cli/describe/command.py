"""The subcommand `describe`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ...errors import CommandError
from ..command import ANSWER_IS_NO
from ..options import JsonOption
from ..output import console, print_json

CdkOutArgument = Annotated[
    Path, typer.Argument(metavar="CDK_OUT", help="The folder that `cdk synth` writes to.")
]


def describe(
    cdk_out: CdkOutArgument = Path("cdk.out"),
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Write the sheet as a Markdown document.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Print what the app makes, as a security review asks for it.

    What can be reached, by whom and by which names; what leaves; where secrets come from and where
    data lies; which rights there are. Read from the synthesized templates alone: no AWS account is
    asked. Ends with 3 if something cannot be meant so, as a rule that another one hides.
    """
    from ...topology import find_problems, reachability, read_topology
    from .contents import describe as sheet_of
    from .document import as_data
    from .render import markdown as as_markdown
    from .render import print_sheet

    if markdown and json:
        raise CommandError("--markdown and --json are both given; leave one of them out")
    topology = read_topology(cdk_out)
    reaches = reachability(topology)
    problems = find_problems(topology, reaches)
    if json:
        print_json(as_data(topology, reaches, problems))
    elif markdown:
        sys.stdout.write(as_markdown(sheet_of(topology, reaches, problems)))
    else:
        print_sheet(console(), sheet_of(topology, reaches, problems))
    if problems:
        raise typer.Exit(ANSWER_IS_NO)
