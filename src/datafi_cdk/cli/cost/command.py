"""The subcommand `datafi-cdk cost`."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from ...errors import CommandError
from ..options import JsonOption
from ..output import console, print_json


def _amount(text: str | Decimal) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0 or amount > 10**12:
        raise typer.BadParameter(f"must be a number from 0 to 10^12, got {text}")
    return amount


def _option(name: str, help_text: str) -> typer.models.OptionInfo:
    return typer.Option(  # type: ignore[no-any-return]
        name, metavar="NUMBER", parser=_amount, help=help_text
    )


def cost(
    cdk_out: Annotated[
        Path, typer.Argument(metavar="CDK_OUT", help="What `cdk synth` has written.")
    ] = Path("cdk.out"),
    hours: Annotated[Decimal, _option("--hours", "Hours a month that everything runs.")] = Decimal(
        730
    ),
    requests: Annotated[
        Decimal, _option("--requests", "Requests a month to each server.")
    ] = Decimal(100_000),
    data_gb: Annotated[
        Decimal, _option("--data-gb", "GB a month from each server to its clients.")
    ] = Decimal(50),
    nat_gb: Annotated[
        Decimal,
        _option("--nat-gb", "GB a month of each server through NAT or endpoints."),
    ] = Decimal(20),
    log_gb: Annotated[Decimal, _option("--log-gb", "GB of logs a month of each server.")] = Decimal(
        1
    ),
    storage_gb: Annotated[Decimal, _option("--storage-gb", "GB in each bucket.")] = Decimal(50),
    request_seconds: Annotated[
        Decimal,
        _option("--request-seconds", "Seconds of a request to a server on Lambda."),
    ] = Decimal(1),
    prices_of: Annotated[
        str | None,
        typer.Option(
            "--prices-of",
            metavar="REGION",
            help="Whose prices to take for stacks that name no region, or one without prices.",
            show_default="none: such stacks are refused",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Estimate what the synthesized app costs a month, part by part.

    Reads the templates and a table of AWS prices that comes with the package; asks neither AWS nor
    the network. Lists its assumptions, what it leaves out, and what other settings would change.
    """
    from ...topology import read_assembly
    from .alternatives import alternatives
    from .estimate import estimate
    from .items import Assumptions, made_by_region
    from .prices import read_prices
    from .shown import Place, show
    from .shown import as_json as shown_as_json

    table = read_prices()
    if prices_of is not None and prices_of not in table.regions:
        raise CommandError(
            f"--prices-of {prices_of}: the table has the prices of {_listed(table.regions)}; name"
            " one of these"
        )
    assumptions = Assumptions(hours, requests, data_gb, nat_gb, log_gb, storage_gb, request_seconds)
    by_region = made_by_region(read_assembly(cdk_out))
    if not by_region:
        raise CommandError(f"{cdk_out} has no stacks; name the folder of an app that has some")
    places = []
    for region, made in by_region.items():
        known = region if region in table.regions else prices_of
        if known is None:
            stacks = sorted({resource.id.stack for resource in made})
            where = f"is in {region}" if region else "names no region"
            raise CommandError(
                f"the stack {stacks[0]} {where}, and the table has the prices of"
                f" {_listed(table.regions)}; add --prices-of with one of these to estimate with"
                " its prices"
            )
        places.append(
            Place(
                region,
                estimate(made, table, known, assumptions),
                tuple(alternatives(made, table, known, assumptions)),
            )
        )
    if as_json:
        print_json(shown_as_json(places, assumptions, table.spot))
    else:
        show(console(), places, assumptions, table.spot)


def _listed(regions: tuple[str, ...]) -> str:
    return ", ".join(regions[:-1]) + f" and {regions[-1]}"
