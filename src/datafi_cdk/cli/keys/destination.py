"""Where made values go: to a file of their own, to Secrets Manager, or to the screen if asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import CommandError
from ..aws_access import AwsAccess
from ..secrets.env_file import add_to_env_file, as_lines
from ..secrets.rotation import existing
from ..secrets.store import SecretFormError, SecretStore, as_text
from .common import DEFAULT_FILE

Fields = Mapping[str | None, str]
"""Fields of a JSON secret; a plain string stands under the field `None`."""


@dataclass(frozen=True)
class Made:
    """Values that were made together.

    Args:
        values: Shell variable to value.
        into: For each secret that they may go to, its name or ARN, and the fields that it gets.
        about: What may be told of them.
    """

    values: Mapping[str, str] = field(repr=False)
    into: Sequence[tuple[str | None, Fields]] = field(repr=False)
    about: Mapping[str, Any] = field(default_factory=dict)


def deliver(made: Made, *, out: Path | None, show: bool, aws: AwsAccess | None) -> dict[str, Any]:
    """Hand over values.

    Args:
        made: The values.
        out: The shell file. Default: `env.sh`, unless there is `show` or a secret is named.
        show: Whether the caller shows them.
        aws: The account, if a secret is named.

    Returns:
        What was done; with `show` also `values`.

    Raises:
        CommandError: File or secret have such a value already; then nothing was written.
        OSError: The file cannot be written.
        botocore.exceptions.ClientError: AWS refused.
    """
    result: dict[str, Any] = {"variables": list(made.values), **made.about}
    named = [(secret, fields) for secret, fields in made.into if secret]
    if named and out:
        raise CommandError("--out and --to-secret must not both be given; leave one of them out")
    if aws and named:
        result["secrets"] = _to_secrets(SecretStore(aws), named)
    elif out or not show:
        path = out or DEFAULT_FILE
        add_to_env_file(path, made.values)
        result["file"] = str(path)
    if show:
        result["values"] = dict(made.values)
    return result


def told(result: Mapping[str, Any]) -> list[str]:
    """What was done, in lines for a reader; with values only if they are to be shown."""
    names = ", ".join(result["variables"])
    lines = []
    if "values" in result:
        lines += as_lines(result["values"]).splitlines()
    if "file" in result:
        lines.append(f"Wrote {names} to {result['file']}, which only you can read.")
    lines += [f"Wrote {names} to the secret {each['arn']}." for each in result.get("secrets", ())]
    return lines


def _to_secrets(store: SecretStore, named: Sequence[tuple[str, Fields]]) -> list[dict[str, str]]:
    """Write fields to secrets, after a look that none of them is there already."""
    prepared = [(secret, *_merged(store, secret, fields)) for secret, fields in named]
    places = [arn or secret for secret, arn, _ in prepared]
    if len(set(places)) < len(places):
        raise CommandError(
            "--to-secret and --jwks-to-secret must be different secrets, as who may read one field"
            " may read all of them; name another one"
        )
    return [
        {
            "arn": arn if arn else store.create(secret, text, description=_WHAT),
            "action": "create" if arn is None else _changed(store, arn, text),
        }
        for secret, arn, text in prepared
    ]


_WHAT = "Made by datafi-cdk keys"


def _changed(store: SecretStore, arn: str, text: str) -> str:
    store.write(arn, text)
    return "change"


def _merged(store: SecretStore, secret: str, fields: Fields) -> tuple[str | None, str]:
    """The ARN of a secret, `None` if it is to be made, and its new string."""
    is_arn = secret.startswith("arn:")
    stored = existing(store, secret) if is_arn or store.read(secret) else None
    whole = fields.get(None)
    if stored is None:
        return None, as_text(_named(fields)) if whole is None else whole
    try:
        there = {} if whole is not None else stored.fields()
    except SecretFormError as error:
        raise CommandError(f"the secret {stored.name} {error}; name another one") from None
    taken = sorted(there.keys() & _named(fields).keys())
    if taken or (whole is not None and stored.text is not None):
        what = f"has {', '.join(taken)}" if taken else "has a value"
        raise CommandError(
            f"the secret {stored.name} {what} already, and none is overwritten;"
            " to replace it, see `datafi-cdk secrets rotate --help`"
        )
    return stored.arn, as_text({**there, **_named(fields)}) if whole is None else whole


def _named(fields: Fields) -> dict[str, object]:
    return {name: value for name, value in fields.items() if name is not None}
