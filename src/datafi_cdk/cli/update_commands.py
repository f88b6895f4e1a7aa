"""`datafi-cdk status`, `update` and `rollback`: clients of the update API."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from ..errors import CommandError
from .command import ANSWER_IS_NO, FAILED, tell_error
from .completion import server_names
from .options import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    LocalOption,
    ProfileOption,
    RegionOption,
)
from .output import console, error_console, print_json, table

if TYPE_CHECKING:
    from pathlib import Path

    from .update_access import UpdateAccess
    from .update_client import UpdateClient

_Service = Annotated[
    str,
    typer.Argument(metavar="SERVICE", help="The server's name.", autocompletion=server_names),
]
_Stack = Annotated[
    str | None,
    typer.Option(
        "--stack", metavar="NAME", help="The stack.", show_default="all of the deployment"
    ),
]
_NoWait = Annotated[bool, typer.Option("--no-wait", help="Return when the rollout has begun.")]
_Force = Annotated[
    bool,
    typer.Option("--force", help="Also while another rollout goes on, or if it runs already."),
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")]


def status(
    service: Annotated[
        str | None,
        typer.Argument(
            metavar="SERVICE",
            help="The server's name.",
            show_default="all of them",
            autocompletion=server_names,
        ),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    stack: _Stack = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show which version of each server is live, and how its last updates went.

    Servers and addresses are those of the deployed stacks: those of the datafi.yaml, or without
    one all in the region. A server that cannot be asked is told after the others.
    """
    access = _access(config, stack, profile, region, local)
    chosen = access.addresses if service is None else [access.address(service)]
    if not chosen:
        raise CommandError(
            f"{access.place} has no update API of this deployment;"
            " deploy it first, or choose another --region, --profile or --stack"
        )
    reports, faults = [], []
    for address in chosen:
        try:
            with access.client(address) as client:
                reports.append({"stack": address.stack_name, **client.report()})
        except CommandError as fault:
            if len(chosen) == 1:
                raise
            faults.append(str(fault))
    if as_json:
        print_json(reports[0] if service is not None else reports)
    elif reports:
        _show(reports, with_updates=service is not None)
    for told in faults:
        tell_error(told)
    if faults:
        raise typer.Exit(FAILED)


def update(
    service: _Service,
    tag: Annotated[
        str, typer.Argument(metavar="TAG", help="The image tag, or a digest (sha256:…).")
    ],
    force: _Force = False,
    dry_run: _DryRun = False,
    no_wait: _NoWait = False,
    config: ConfigOption = DEFAULT_CONFIG,
    stack: _Stack = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    as_json: JsonOption = False,
) -> None:
    """Roll out a version of a server, and wait until it is stable, has failed or was rolled back.

    Ends with exit code 3 if the rollout does not complete.
    """
    _change(
        _access(config, stack, profile, region, local),
        service,
        lambda client: client.update(tag, force=force, dry_run=dry_run),
        wait=not (no_wait or dry_run),
        as_json=as_json,
    )


def rollback(
    service: _Service,
    force: _Force = False,
    dry_run: _DryRun = False,
    no_wait: _NoWait = False,
    config: ConfigOption = DEFAULT_CONFIG,
    stack: _Stack = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    as_json: JsonOption = False,
) -> None:
    """Go back to the version of a server that completed before; a second one goes forth again.

    Ends with exit code 3 if the rollout does not complete.
    """
    _change(
        _access(config, stack, profile, region, local),
        service,
        lambda client: client.roll_back(force=force, dry_run=dry_run),
        wait=not (no_wait or dry_run),
        as_json=as_json,
    )


def _access(
    config: Path, stack: str | None, profile: str | None, region: str | None, local: bool
) -> UpdateAccess:
    from .update_access import UpdateAccess

    return UpdateAccess(
        config_path=config, stack_name=stack, profile=profile, region=region, local=local
    )


def _change(
    access: UpdateAccess,
    service: str,
    ask: Callable[[UpdateClient], dict[str, Any]],
    *,
    wait: bool,
    as_json: bool,
) -> None:
    from .rollout_progress import wait_for_rollout

    address = access.address(service)
    with access.client(address) as client:
        answer = ask(client)
        for warning in answer.get("warnings", []):
            error_console().print(f"[yellow]warning:[/] {escape(warning)}")
        error_console().print(answer["message"], markup=False)
        began = answer["message"].startswith(f"{service} is being updated")
        if not (wait and began):
            if as_json:
                print_json(answer)
            return
        try:
            result, report = wait_for_rollout(
                client.report, answer["requestId"], poll_seconds=access.poll_seconds
            )
        except KeyboardInterrupt:
            error_console().print(f"The rollout goes on; see datafi-cdk status {service}.")
            raise
    if as_json:
        print_json({**answer, "result": result, "report": report})
    else:
        _show([{"stack": address.stack_name, **report}], with_updates=True)
    if result != "COMPLETED":
        error_console().print(f"[bold red]{result}[/]: {escape(service)} was not updated.")
        raise typer.Exit(ANSWER_IS_NO)


def _show(reports: list[dict[str, Any]], *, with_updates: bool) -> None:
    rows = table("server", "live", "requested", "rollout", "tasks", "stack")
    for report in reports:
        tasks = report["tasks"]
        rows.add_row(
            report["service"],
            _version(report["live"]),
            _version(report["requested"]),
            report["rolloutState"],
            f"{tasks['running']} of {tasks['desired']}",
            report["stack"],
        )
    console().print(rows)
    if not with_updates:
        return
    updates = table("at (UTC)", "by", "action", "from", "to", "result")
    for each in reports[0]["updates"]:
        cells = (each[key] or "" for key in ("by", "action", "from", "to", "result"))
        updates.add_row(each["at"][:19].replace("T", " "), *map(escape, cells))
    console().print(updates)


def _version(members: dict[str, str] | None) -> str:
    return escape(next(iter(members.values()))) if members else "none"
