"""`datafi-cdk local`: the embedded AWS, in the background."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from .command import command
from .options import JsonOption
from .output import console, error_console, print_json, table

app = typer.Typer(
    help="An AWS on this machine: no account, no Docker, no network.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@app.command()
@command
def up(
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Loopback port.", show_default="a free one"),
    ] = None,
    account: Annotated[str, typer.Option(help="Its account number.")] = "000000000000",
    region: Annotated[str, typer.Option(help="Its region.")] = "us-east-1",
    rollout_seconds: Annotated[
        float, typer.Option(min=0, help="How long a rollout takes, in seconds.")
    ] = 0,
    failing_tag: Annotated[
        list[str] | None,
        typer.Option(help="An image tag that never starts; repeat it for more."),
    ] = None,
    enforce_iam: Annotated[
        bool, typer.Option("--enforce-iam", help="Let roles do only what their policies allow.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Start the embedded AWS in the background.

    The other commands work on it with `--local`, or with DATAFI_CDK_LOCAL=1.
    """
    from ..local.background import start_in_background

    with error_console().status("starting the embedded AWS"):
        aws = start_in_background(
            port=port,
            account=account,
            region=region,
            rollout_seconds=rollout_seconds,
            failing_tags=failing_tag or (),
            enforce_iam=enforce_iam,
        )
    if as_json:
        print_json({"endpoint": aws.endpoint, "account": aws.account, "region": aws.region})
        return
    console().print(
        f"The embedded AWS runs at {aws.endpoint}, account {aws.account}, region {aws.region}.\n"
        "Use it with --local; end it with: datafi-cdk local down"
    )


@app.command()
@command
def deploy(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder of the CDK app, with its cdk.json.")
    ] = Path(),
    as_json: JsonOption = False,
) -> None:
    """Deploy a CDK app to the embedded AWS, with the real `cdk` command.

    Bootstraps first if that has not been done. Writes nothing into the folder of the app.
    """
    from ..local import CdkCli
    from ..local.background import attach_to_background

    aws = attach_to_background()
    status = error_console().status("cdk")

    def show(line: str) -> None:
        status.update(f"cdk [dim]{escape(line.strip()[:100])}[/]")

    with status:
        cdk = CdkCli(aws, directory, on_line=show)
        cdk.bootstrap()
        cdk.deploy()
    stacks = aws.client("cloudformation").describe_stacks()["Stacks"]
    outputs = {
        stack["StackName"]: {
            output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])
        }
        for stack in stacks
        if stack["StackName"] != "CDKToolkit"
    }
    if as_json:
        print_json(outputs)
        return
    rows = table("stack", "output", "value", title="What runs on the embedded AWS")
    for stack_name, values in outputs.items():
        for name, value in values.items() or [("", "")]:
            rows.add_row(stack_name, name, escape(value))
    console().print(rows)


@app.command()
@command
def down() -> None:
    """End the embedded AWS, with all that was deployed to it."""
    from ..local.background import stop_in_background

    was_running = stop_in_background()
    console().print(
        "The embedded AWS has ended." if was_running else "No embedded AWS was running."
    )


def demo(
    port: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=65535,
            help="Loopback port of the embedded AWS.",
            show_default="a free one",
        ),
    ] = None,
) -> None:
    """Deploy, try, update and destroy the quickstart on an embedded AWS.

    Needs no AWS account, no Docker and no Node.js of the machine's own; the first run fetches the
    cdk command with npm. Ends with an error if any step does not do what it must.
    """
    from .demo import run_demo

    run_demo(console(), port=port)
