"""Gives the coordinator a new signing key without a token being refused.

The new private key waits in the coordinator's secret, in the version with the label AWSPENDING,
until every edge server knows its public half. Source of the labels:
https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...config import DatafiEdgeConfig
from ...errors import CommandError
from ...validation import JWT_JWKS
from ..options import confirm
from .algorithms import Algorithm
from .jwt_keys import (
    KeyFormatError,
    encode_jwks,
    make_jwt_keys,
    pair_problem,
    public_entry,
    read_jwks,
)
from .rotation import existing
from .store import PENDING, SecretFormError, SecretStore, StoredSecret, as_text
from .uses import SecretUse, secret_uses, servers
from .values import value_problem

if TYPE_CHECKING:
    from ..aws_access import AwsAccess

_START_ANEW = (
    "by itself with update_api.redeploy_on_rotation, otherwise by `datafi-cdk update SERVER TAG"
    " --force` with the tag that `datafi-cdk status` shows, a function on Lambda by a deployment"
    " that changes it"
)
_CHECK = "see `datafi-cdk secrets check`"
Entries = list[dict[str, Any]]


@dataclass(frozen=True)
class _Pair:
    key: str = field(repr=False)
    kid: str


class JwtRotation:
    """The three steps: `begin`, `switch`, `finish`. Each may be run again, and then continues.

    Args:
        config: The configuration.
        aws: Its account.

    Raises:
        CommandError: There is no coordinator, or one of the halves is in no secret.
    """

    def __init__(self, config: DatafiEdgeConfig, aws: AwsAccess) -> None:
        """Find the secrets; nothing is read yet."""
        if config.coordinator is None:
            raise CommandError("the configuration has no coordinator, so that nobody signs tokens")
        for place, server in servers(config):
            if JWT_JWKS in server.environment:
                raise CommandError(
                    f"{place}environment.JWT_JWKS must be in a secret to be rotated;"
                    " take it out and run `datafi-cdk secrets import`"
                )
        self._store = SecretStore(aws)
        uses = secret_uses(config)
        own = [use for use in uses if use.server == config.coordinator.name]
        both = {"JWT_KEY", "JWT_KID"}
        signer = next((use for use in own if both <= use.fields.keys()), None)
        if signer is None:
            raise CommandError("JWT_KEY and JWT_KID must be fields of one secret to be rotated")
        self._signer = signer
        self._verifiers = [use for use in uses if use.fields.get(JWT_JWKS)]
        if not self._verifiers:
            raise CommandError("no edge server reads JWT_JWKS; run `datafi-cdk secrets import`")

    def begin(self, algorithm: Algorithm | None, *, yes: bool) -> dict[str, Any]:
        """Make a new pair, and add its public half to what the edge servers accept.

        Args:
            algorithm: How it signs. Default: as the pair before.
            yes: Whether not to ask.

        Returns:
            The names of the secrets that changed, and what to do next.

        Raises:
            CommandError: The halves that are there do not fit, or the answer is no.
        """
        current = self._pair(self._coordinator())
        pending = self._pending(current)
        for use in self._verifiers:
            self._require_fit(current, self._entries(use)[1], use)
        confirm("Make a new signing key, and have the edge servers accept it too?", yes=yes)
        changed = []
        if pending is None:
            stored = self._coordinator()
            as_before = Algorithm(public_entry(current.key, current.kid)["alg"])
            made = make_jwt_keys(algorithm or as_before)
            pending = _Pair(made.key, made.kid)
            self._store.write(stored.arn, self._with_pair(stored, pending), PENDING)
            changed.append(stored.name)
        entry = public_entry(pending.key, pending.kid)
        changed += self._change_entries(
            lambda entries: entries if _has(entries, pending.kid) else [*entries, entry]
        )
        return {
            "secrets": changed,
            "next": [
                f"Let every edge server start anew: {_START_ANEW}.",
                "When all have: datafi-cdk secrets rotate jwt --switch",
            ],
        }

    def switch(self, *, yes: bool) -> dict[str, Any]:
        """Let the coordinator sign with the new key.

        Args:
            yes: Whether not to ask.

        Returns:
            As `begin`.

        Raises:
            CommandError: There is no new key, an edge server does not have it, or the answer is no.
        """
        stored = self._coordinator()
        pending = self._pending(self._pair(stored))
        if pending is None:
            raise CommandError(
                "there is no new signing key to switch to;"
                " make one with: datafi-cdk secrets rotate jwt"
            )
        for use in self._verifiers:
            self._require_fit(pending, self._entries(use)[1], use)
        confirm("Has every edge server started anew since the new key was made?", yes=yes)
        self._store.write(stored.arn, self._with_pair(stored, pending))
        waiting = self._store.read(stored.arn, PENDING)
        if waiting and waiting.version:
            self._store.take_label(stored.arn, PENDING, waiting.version)
        return {
            "secrets": [stored.name],
            "next": [
                f"Let the coordinator start anew: {_START_ANEW}.",
                "When the last token of the old key has expired:"
                " datafi-cdk secrets rotate jwt --finish",
            ],
        }

    def finish(self, *, yes: bool) -> dict[str, Any]:
        """Let the edge servers forget every key but the coordinator's.

        Args:
            yes: Whether not to ask.

        Returns:
            As `begin`.

        Raises:
            CommandError: The second step is missing, or the answer is no.
        """
        current = self._pair(self._coordinator())
        if self._pending(current):
            raise CommandError(
                "the coordinator does not sign with the new key yet;"
                " first run: datafi-cdk secrets rotate jwt --switch"
            )
        for use in self._verifiers:
            self._require_fit(current, self._entries(use)[1], use)
        confirm(
            "Has the coordinator started anew, and has the last token of the old key expired?",
            yes=yes,
        )
        changed = self._change_entries(
            lambda entries: [entry for entry in entries if entry["kid"] == current.kid]
        )
        return {"secrets": changed, "next": [f"Let every edge server start anew: {_START_ANEW}."]}

    def _coordinator(self) -> StoredSecret:
        return existing(self._store, self._signer.arn)

    def _pending(self, current: _Pair) -> _Pair | None:
        stored = self._store.read(self._signer.arn, PENDING)
        if stored is None or stored.text is None:
            return None
        pending = self._pair(stored)
        return None if pending.kid == current.kid else pending

    def _pair(self, stored: StoredSecret) -> _Pair:
        fields = self._signer.fields
        values = _fields(stored)
        key, kid = (values.get(str(fields[each])) for each in ("JWT_KEY", "JWT_KID"))
        if not isinstance(key, str) or not isinstance(kid, str):
            raise CommandError(f"{stored.name} must hold JWT_KEY and JWT_KID; {_CHECK}")
        if problem := value_problem("JWT_KEY", key):
            raise CommandError(f"JWT_KEY of {stored.name} must be {problem}; {_CHECK}")
        return _Pair(key, kid)

    def _with_pair(self, stored: StoredSecret, pair: _Pair) -> str:
        fields = self._signer.fields
        new = {str(fields["JWT_KEY"]): pair.key, str(fields["JWT_KID"]): pair.kid}
        return as_text({**_fields(stored), **new})

    def _entries(self, use: SecretUse) -> tuple[StoredSecret, Entries]:
        stored = existing(self._store, use.arn)
        value = _fields(stored).get(str(use.fields[JWT_JWKS]))
        try:
            return stored, read_jwks(value if isinstance(value, str) else "")
        except KeyFormatError:
            raise CommandError(f"{stored.name} holds no JWKS for {use.place}; {_CHECK}") from None

    def _require_fit(self, pair: _Pair, entries: Entries, use: SecretUse) -> None:
        if problem := pair_problem(pair.key, pair.kid, encode_jwks(entries)):
            raise CommandError(f"the JWKS of {use.place} {problem}; {_CHECK}")

    def _change_entries(self, change: Callable[[Entries], Entries]) -> list[str]:
        changed = []
        for use in self._verifiers:
            stored, entries = self._entries(use)
            if (after := change(entries)) != entries:
                jwks = {str(use.fields[JWT_JWKS]): encode_jwks(after)}
                self._store.write(stored.arn, as_text({**_fields(stored), **jwks}))
                changed.append(stored.name)
        return changed


def _fields(stored: StoredSecret) -> dict[str, object]:
    try:
        return stored.fields()
    except SecretFormError as error:
        raise CommandError(f"the secret {stored.name} {error}; {_CHECK}") from None


def _has(entries: Entries, kid: str) -> bool:
    return any(entry["kid"] == kid for entry in entries)
