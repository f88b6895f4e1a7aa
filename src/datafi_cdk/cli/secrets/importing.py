"""Writes the planned secrets, then their ARNs into the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from ..options import confirm
from ..output import error_console, table
from .account import account_of
from .config_edit import Keys, dotted
from .draft import Draft, read_draft, text_with_arns, write_arns
from .given import GivenValues
from .plan import Change, plan_import
from .store import SecretStore

_DEPLOYMENT_TAG = "datafi:deployment"
_WHOLE = "the string"
_WORDS = {
    ("create", False): "created",
    ("change", False): "changed",
    ("keep", False): "kept",
    ("create", True): "to create",
    ("change", True): "to change",
    ("keep", True): "to keep",
}


def import_secrets(
    config_path: Path,
    env_files: Sequence[Path],
    *,
    dry_run: bool,
    yes: bool,
    profile: str | None,
    region: str | None,
    local: bool,
) -> dict[str, Any]:
    """Write the values that the user has to Secrets Manager, and the ARNs to the configuration.

    Args:
        config_path: The configuration.
        env_files: Shell files with values.
        dry_run: Whether only to find out what would be written.
        yes: Whether values that are there are replaced without a question.
        profile: The profile of the AWS configuration, if one was named.
        region: The region, if one was named.
        local: Whether it is the embedded AWS.

    Returns:
        What was done, without values.

    Raises:
        CommandError: With everything that is missing or wrong; then nothing was written.
        InvalidInputError: The configuration has other faults; the same.
        botocore.exceptions.ClientError: AWS refused; what was written before stays.
    """
    draft = read_draft(config_path)
    given = GivenValues(env_files)
    store = SecretStore(account_of(draft.config, profile=profile, region=region, local=local))
    changes = plan_import(draft, given, store)
    text_with_arns(draft, {keys: draft.stand_in for change in changes for keys in change.keys})
    arns: dict[Keys, str] = {}
    if not dry_run:
        _confirm_replacing(changes, yes=yes)
        for change in changes:
            try:
                arn = _written(change, draft, store)
            except BaseException:
                error_console().print(
                    f"Stopped at the secret {escape(change.name)}; those before it are written."
                    " The same command continues."
                )
                raise
            arns |= dict.fromkeys(change.keys, arn)
        write_arns(draft, arns)
    return _report(changes, arns, draft, given, dry_run=dry_run)


def show_import(report: dict[str, Any], console: Console) -> None:
    """Show what an import did.

    Args:
        report: What `import_secrets` returned.
        console: Where it is shown.
    """
    dry_run = report["dryRun"]
    rows = table("secret", "", "new fields", "replaced fields")
    for secret in report["secrets"]:
        word = _WORDS[secret["action"], dry_run]
        added, replaced = (", ".join(secret[key]) for key in ("added", "replaced"))
        rows.add_row(escape(secret["name"]), word, added, replaced)
    console.print(rows)
    keys = report["configKeys"]
    if keys:
        verb = "would get" if dry_run else "got"
        console.print(f"{escape(report['config'])} {verb}:")
        for each in keys:
            console.print(f"  {escape(each['key'])}: {each['arn'] or 'the ARN'}", soft_wrap=True)
    else:
        console.print(f"{escape(report['config'])} stays as it is.")


def _written(change: Change, draft: Draft, store: SecretStore) -> str:
    if change.stored is None:
        return store.create(
            change.name,
            change.text,
            description=change.target.description,
            tags={_DEPLOYMENT_TAG: draft.config.deployment_name},
        )
    if change.action == "change":
        store.write(change.stored.arn, change.text)
    return change.stored.arn


def _confirm_replacing(changes: Sequence[Change], *, yes: bool) -> None:
    replaced = [
        f"{field or _WHOLE} of {change.name}" for change in changes for field in change.replaced
    ]
    if replaced:
        confirm(
            f"Replace values that are there ({', '.join(replaced)})?"
            " What they were stays as AWSPREVIOUS.",
            yes=yes,
        )


def _report(
    changes: Sequence[Change],
    arns: dict[Keys, str],
    draft: Draft,
    given: GivenValues,
    *,
    dry_run: bool,
) -> dict[str, Any]:
    return {
        "dryRun": dry_run,
        "config": str(draft.path),
        "secrets": [
            {
                "name": change.name,
                "arn": change.stored.arn if change.stored else _first(arns, change.keys),
                "action": change.action,
                "added": [field or _WHOLE for field in change.added],
                "replaced": [field or _WHOLE for field in change.replaced],
            }
            for change in changes
        ],
        "configKeys": [
            {"key": dotted(keys), "arn": arns.get(keys)}
            for change in changes
            for keys in change.keys
        ],
        "unused": given.unused(),
    }


def _first(arns: dict[Keys, str], keys: Sequence[Keys]) -> str | None:
    return next((arns[each] for each in keys if each in arns), None)
