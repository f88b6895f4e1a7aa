"""Synthesizes an app under cdk-nag: `python examine.py APP OUTDIR [PACK…]`.

`APP` is the folder of an example, or a datafi.yaml that is deployed hardened. Without packs, all of
them look, and acknowledgements are noted instead of taken, so that all findings are seen:
`OUTDIR/examined.json`. With packs, it goes as for a user who adds these to the app.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cdk_nag
from datafi_cdk import DatafiEdgeConfig, DatafiEdgeStack
from aws_cdk import Acknowledgment, App, Validations
from constructs import IConstruct

PACKS = {
    "AwsSolutions": cdk_nag.AwsSolutionsChecks,
    "Serverless": cdk_nag.ServerlessChecks,
    "NIST.800.53.R5": cdk_nag.NIST80053R5Checks,
    "HIPAA.Security": cdk_nag.HIPAASecurityChecks,
    "PCI.DSS.321": cdk_nag.PCIDSS321Checks,
}

_validations_of = Validations.of
_synth = App.synth


class _Noted:
    """Takes the place of what CDK has for the validations of a construct."""

    def __init__(self, construct: IConstruct, acknowledged: list[dict[str, str]]) -> None:
        self._path = construct.node.path
        self._acknowledged = acknowledged

    def acknowledge(self, *rules: Acknowledgment) -> None:
        """Note rules and reasons."""
        for rule in rules:
            note = {"path": self._path, "id": rule.id, "reason": rule.reason}
            self._acknowledged.append(note)


def _add_packs(names: Iterable[str]) -> None:
    def synth(app: App, **options: Any) -> Any:
        _validations_of(app).add_plugins(*(PACKS[name]() for name in names))
        return _synth(app, **options)

    App.synth = synth  # type: ignore[method-assign]


def _run(app: Path) -> None:
    if app.is_dir():
        os.chdir(app)
        runpy.run_path("app.py", run_name="__main__")
        return
    stage = App(outdir=os.environ["CDK_OUTDIR"])
    DatafiEdgeStack(stage, "Datafi", config=DatafiEdgeConfig.from_file(app), hardened=True)
    stage.synth()


def _findings(report: Path) -> list[dict[str, str]]:
    if not report.exists():
        return []
    return [
        {
            "path": construct["constructPath"],
            "id": f"{pack['pluginName']}::{violation['ruleName']}",
            "severity": violation["severity"],
        }
        for pack in json.loads(report.read_text())["pluginReports"]
        for violation in pack["violations"]
        for construct in violation["violatingConstructs"]
    ]


def main(app: Path, out: Path, packs: list[str]) -> None:
    """Synthesize the app, and write down what there is to say of it."""
    os.environ["CDK_OUTDIR"] = str(out)
    if packs:
        _add_packs(packs)
        _run(app)
        return
    acknowledged: list[dict[str, str]] = []
    _add_packs(PACKS)
    Validations.of = lambda construct: _Noted(construct, acknowledged)  # type: ignore
    try:
        _run(app)
    except RuntimeError as error:
        if "ValidationFailed" not in str(error):
            raise
    findings = _findings(out / "validation-report.json")
    examined = {"acknowledged": acknowledged, "findings": findings}
    (out / "examined.json").write_text(json.dumps(examined))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve(), sys.argv[3:])
