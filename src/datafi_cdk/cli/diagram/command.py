"""The subcommand `diagram`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ...errors import CommandError
from ..describe.command import CdkOutArgument
from ..files import replace_file
from ..output import error_console

__all__ = ["diagram"]


class Format(StrEnum):
    """How it is written."""

    SVG = "svg"
    MERMAID = "mermaid"


_ENDINGS = {".svg": Format.SVG, ".mmd": Format.MERMAID, ".mermaid": Format.MERMAID}


def diagram(
    cdk_out: CdkOutArgument = Path("cdk.out"),
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="The file to write, ending in .svg, .mmd or .mermaid.",
            show_default="standard output",
        ),
    ] = None,
    form: Annotated[
        Format | None,
        typer.Option("--format", help="How to write it.", show_default="as FILE ends, or svg"),
    ] = None,
) -> None:
    """Draw the architecture of the app, as SVG or as a Mermaid flowchart.

    Clients, names, load balancers, servers, and what they use, read from the synthesized templates
    alone. Servers that are alike are drawn once. The file needs no network, font or image.
    """
    from ...topology import reachability, read_topology
    from .compose import compose
    from .mermaid import mermaid
    from .svg import svg

    form = form or (_ending(out) if out else Format.SVG)
    topology = read_topology(cdk_out)
    picture = compose(topology, reachability(topology))
    text = svg(picture) if form is Format.SVG else mermaid(picture)
    if out is None:
        sys.stdout.write(text)
        return
    replace_file(out, text)
    error_console().print(f"Wrote {out}.", markup=False, soft_wrap=True)


def _ending(out: Path) -> Format:
    if out.suffix not in _ENDINGS:
        raise CommandError(
            f"{out} ends in neither {', '.join(_ENDINGS)}; name such a file, or add --format"
        )
    return _ENDINGS[out.suffix]
