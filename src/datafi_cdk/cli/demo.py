"""`datafi-cdk demo`: the whole life of a deployment, on an embedded AWS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..bundled import bundled
from ..errors import LocalAwsError
from ..local import CdkCli, EmbeddedAws
from . import demo_checks
from .deployment import Deployment
from .live_routes import live_routes

_STACK = "DatafiEdge"
_SERVER = "es"


def run_demo(console: Console, *, port: int | None = None) -> None:
    """Deploy the quickstart, send requests through its load balancer, update it, and destroy it.

    Args:
        console: Where progress and results are shown.
        port: The loopback port of the embedded AWS. Default: a free one.

    Raises:
        LocalAwsError: A step did not do what it must. Nothing is left running.
    """
    console.print("[bold]The Datafi quickstart on an embedded AWS[/] (no account, no Docker)\n")
    steps = _Steps(console)
    aws = EmbeddedAws(port=port)
    try:
        with steps.step("start the embedded AWS"):
            aws.start()
        with steps.step("get the cdk command"):
            cdk = CdkCli(aws, bundled("examples/quickstart"), on_line=steps.detail)
        with steps.step("cdk bootstrap"):
            cdk.bootstrap()
            before = demo_checks.inventory(aws)
        with steps.step("cdk deploy --all"):
            cdk.deploy()
            deployment = Deployment.find(aws, _STACK, _SERVER)
        with steps.step("HTTP is redirected to HTTPS"):
            demo_checks.check_redirect(deployment)
        with steps.step("an unknown host gets the fixed response"):
            demo_checks.check_unknown_host(deployment)
        with steps.step(f"{_SERVER} leads to its target groups (containers are simulated)"):
            demo_checks.check_server_is_routed(deployment)
        with steps.step("the update API refuses a wrong key"):
            demo_checks.check_wrong_key(deployment)
        with steps.step(f"the update API moves {_SERVER} to {demo_checks.NEW_TAG}"):
            demo_checks.check_update(deployment)
        with steps.step(f"cdk deploy again: {demo_checks.NEW_TAG} stays"):
            cdk.deploy()
            demo_checks.check_live_tag(deployment)
        with steps.step("read every route back"):
            routes = _routes_table(deployment)
        console.print(routes)
        with steps.step("cdk destroy --all"):
            cdk.destroy()
            demo_checks.check_nothing_is_left(before, aws)
    finally:
        aws.stop()
    console.print(f"\n[bold green]Every step held[/] in {steps.seconds:.0f} s; nothing is left.")


class _Steps:
    """Says what is done, how long it took, and what went wrong."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._start = monotonic()
        self._status = console.status("")
        self._name = ""

    @property
    def seconds(self) -> float:
        """How long it has been, in seconds."""
        return monotonic() - self._start

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Run one step; whatever it raises is told with the step's name."""
        start = monotonic()
        self._name = name
        self._status.update(escape(name))
        try:
            with self._status:
                yield
        except Exception as error:
            self._console.print(f"[bold red]✗[/] {escape(name)}")
            kind = "" if isinstance(error, LocalAwsError) else f"{type(error).__name__}: "
            raise LocalAwsError(f"{name}: {kind}{error}") from error
        seconds = monotonic() - start
        self._console.print(f"[bold green]✓[/] {escape(name)} [dim]{seconds:.1f} s[/]")

    def detail(self, line: str) -> None:
        """Show a line of a running command beside its step."""
        width = max(20, self._console.width - len(self._name) - 6)
        self._status.update(f"{escape(self._name)} [dim]{escape(line.strip()[:width])}[/]")


def _routes_table(deployment: Deployment) -> Table:
    table = Table(
        title="\nWhat is reachable, as the embedded AWS tells it",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for column in ("name", "port", "rule", "target", "live tag"):
        table.add_column(column, overflow="fold")
    for route in live_routes(deployment.aws, deployment.load_balancer_name):
        table.add_row(route.name, str(route.port), route.rule, route.target, route.image_tag)
    return table
