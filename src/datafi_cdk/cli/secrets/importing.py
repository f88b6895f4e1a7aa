"""Writes the planned secrets, then their ARNs into the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from ...config_fields import UNKNOWN
from ...config_sections import KEY_ARN
from ...errors import CommandError
from ..files import require_writable
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
_KMS_KEYS = {
    "secret_arn": "secret_kms_key_arn",
    "registry_credentials_secret_arn": "registry_credentials_kms_key_arn",
    "update_secret_arn": "update_secret_kms_key_arn",
    "jwt_jwks_secret_arn": "jwt_jwks_secret_kms_key_arn",
}
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
    kms_key: str | None,
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
        kms_key: ARN of the key that encrypts new secrets. Default: that of Secrets Manager.
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
    if kms_key and KEY_ARN.faults("--kms-key", kms_key, UNKNOWN):
        raise CommandError("--kms-key must be the ARN of a KMS key, not of an alias; write it out")
    draft = read_draft(config_path)
    given = GivenValues(env_files)
    store = SecretStore(account_of(draft.config, profile=profile, region=region, local=local))
    changes = plan_import(draft, given, store)
    new_keys: dict[Keys, str] = {}
    for change in changes:
        new_keys |= _file_keys(change, draft.stand_in, kms_key)
    text_with_arns(draft, new_keys)
    if new_keys:
        require_writable(draft.path)
    if not dry_run:
        _confirm_replacing(changes, yes=yes)
        for number, change in enumerate(changes):
            try:
                arn = _written(change, draft, store, kms_key)
            except BaseException:
                error_console().print(
                    f"Stopped at the secret {escape(change.name)}, after {number} of"
                    f" {len(changes)}. The same command continues."
                )
                raise
            new_keys |= _file_keys(change, arn, kms_key)
        write_arns(draft, new_keys)
    return _report(changes, new_keys, draft, given, dry_run=dry_run)


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
            console.print(f"  {escape(each['key'])}: {each['value'] or 'the ARN'}", soft_wrap=True)
    else:
        console.print(f"{escape(report['config'])} stays as it is.")
    if not dry_run and any(secret["replaced"] for secret in report["secrets"]):
        error_console().print("Containers that run read the new values when they start anew.")


def _file_keys(change: Change, arn: str, kms_key: str | None) -> dict[Keys, str]:
    """What the file gets for a secret: its ARN, and that of a customer-managed key."""
    found = dict.fromkeys(change.keys, arn)
    key = change.stored.kms_key_id if change.stored else kms_key
    if key and key.startswith("arn:") and ":key/" in key:
        # CloudFormation decrypts what a function gets, which needs no key of the file.
        places = [keys for keys in change.keys if "serverless" not in keys]
        found |= {(*keys[:-1], _KMS_KEYS[str(keys[-1])]): key for keys in places}
    return found


def _written(change: Change, draft: Draft, store: SecretStore, kms_key: str | None) -> str:
    if change.stored is None:
        return store.create(
            change.name,
            change.text,
            description=change.target.description,
            tags={_DEPLOYMENT_TAG: draft.config.deployment_name},
            kms_key_arn=kms_key,
        )
    if change.action == "change":
        now = store.read(change.stored.arn)
        if now is None or now.version != change.stored.version:
            raise CommandError(
                f"the secret {change.name} was changed meanwhile and is not overwritten;"
                " run the same command again, which continues"
            )
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
    new_keys: dict[Keys, str],
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
                "arn": _arn(change, new_keys, dry_run=dry_run),
                "action": change.action,
                "added": [field or _WHOLE for field in change.added],
                "replaced": [field or _WHOLE for field in change.replaced],
            }
            for change in changes
        ],
        "configKeys": [
            {"key": dotted(keys), "value": None if arn == draft.stand_in else arn}
            for keys, arn in new_keys.items()
        ],
        "unused": given.unused(),
    }


def _arn(change: Change, new_keys: dict[Keys, str], *, dry_run: bool) -> str | None:
    if change.stored:
        return change.stored.arn
    return None if dry_run else new_keys[change.keys[0]]
