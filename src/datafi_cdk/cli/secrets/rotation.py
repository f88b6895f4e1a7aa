"""Gives an update API a new key."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING, Any

from ...errors import CommandError
from ..options import confirm
from ..update_address import find_addresses
from .draft import Draft
from .store import SecretStore, StoredSecret
from .targets import Target, targets
from .values import UPDATE_SECRET

if TYPE_CHECKING:
    from ..aws_access import AwsAccess

_UPDATE_SECRET_BYTES = 32


def make_update_secret() -> str:
    """A new key of an update API: base64 of 32 random bytes, as `openssl rand -base64 32` makes."""
    return base64.b64encode(secrets.token_bytes(_UPDATE_SECRET_BYTES)).decode()


def update_target(draft: Draft, server: str | None) -> Target:
    """The secret of the update API of a server.

    Args:
        draft: The configuration.
        server: The server's name. Default: the only one that has such a secret.

    Raises:
        CommandError: There is no such server, or several may be meant.
    """
    found = [target for target in targets(draft) if target.wanted[0].variable == UPDATE_SECRET]
    if draft.config.update_api.caller_role_arns:
        raise CommandError("update_api.caller_role_arns is given, so that there is no key at all")
    if not draft.config.update_api.shared and server is not None:
        found = [target for target in found if target.wanted[0].server == server]
    if len(found) == 1:
        return found[0]
    names = ", ".join(
        target.wanted[0].server
        for target in targets(draft)
        if target.wanted[0].variable == UPDATE_SECRET
    )
    raise CommandError(f"the server must be one of {names}, got {server or 'none'}; name it")


def rotate_update_secret(
    draft: Draft, aws: AwsAccess, *, server: str | None, yes: bool
) -> dict[str, Any]:
    """Write a new key; the one before stays as AWSPREVIOUS, which the update API takes for a while.

    Args:
        draft: The configuration.
        aws: The account.
        server: The server's name, if it was given.
        yes: Whether not to ask.

    Returns:
        The name of the secret, and what to do next.

    Raises:
        CommandError: It is not known which secret it is, or that is not there.
    """
    target = update_target(draft, server)
    store = SecretStore(aws)
    stored = existing(store, target.arn or _made_by_stack(draft, aws, target))
    confirm(f"Give {stored.name} a new value?", yes=yes)
    store.write(stored.arn, make_update_secret())
    return {
        "secrets": [stored.name],
        "next": [
            "Whoever calls the update API takes the new key from the secret; the one before is"
            " accepted for 15 minutes. Rotate it again only after that.",
        ],
    }


def _made_by_stack(draft: Draft, aws: AwsAccess, target: Target) -> str:
    """The secret that the stack made, as its outputs tell."""
    is_shared = draft.config.update_api.shared
    server = target.wanted[0].server
    found = {
        address.secret_arn
        for address in find_addresses(aws, root_domain=draft.config.dns.root_domain)
        if is_shared or address.service == server
    }
    if len(found) == 1 and (arn := found.pop()):
        return arn
    raise CommandError(
        f"{draft.path} names no {target.keys[-1]}, and {len(found) or 'no'} deployed stacks tell"
        " of one; deploy first"
    )


def existing(store: SecretStore, arn: str) -> StoredSecret:
    """A secret that must be there.

    Args:
        store: The secrets.
        arn: Its ARN.

    Raises:
        CommandError: It is not there, or is about to be deleted.
    """
    stored = store.read(arn)
    if stored is None:
        raise CommandError(f"there is no secret {arn}; correct the ARN, or the --region")
    if stored.is_deleted:
        remedy = f"aws secretsmanager restore-secret --secret-id {stored.name}"
        raise CommandError(f"the secret {stored.name} is scheduled for deletion; run: {remedy}")
    return stored
