"""Which secret gets which value, and under which names users have these values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ...config_services import CoordinatorConfig, EdgeServerConfig
from ...validation import JWT_JWKS
from .config_edit import Keys
from .draft import Draft
from .uses import Server, filled_elsewhere, key_variable, own_variables
from .values import REGISTRY_FIELDS, UPDATE_SECRET

_EDGE_KEYS = ("KEY", "EDGE_KEY")


@dataclass(frozen=True)
class Wanted:
    """A value that goes to a secret.

    Args:
        field: The field of the JSON secret; `None` for the whole string.
        variable: What it is: the variable of the container, a credential, or an update secret.
        names: The shell variables that may hold it, the usual one first.
        server: The name of the server that reads it; empty if it is for several.
        is_required: Whether the deployment cannot do without.
    """

    field: str | None
    variable: str
    names: tuple[str, ...]
    server: str = ""
    is_required: bool = True


@dataclass(frozen=True)
class Target:
    """A secret of the deployment.

    Args:
        keys: Where its ARN stands in the file.
        arn: Its ARN, if the file names it.
        name: The name that it gets if not.
        description: What it is for.
        wanted: What goes into it.
    """

    keys: Keys
    arn: str | None
    name: str
    description: str
    wanted: tuple[Wanted, ...]


def targets(draft: Draft) -> list[Target]:
    """The secrets of a deployment: edge servers before the coordinator, which signs for them.

    Args:
        draft: The configuration.
    """
    config = draft.config
    found = [
        *(
            each
            for number, keys, server in _edge_servers(draft)
            for each in _of_edge_server(draft, number, keys, server)
        ),
        *_shared(draft),
        *(_of_coordinator(draft, config.coordinator) if config.coordinator else ()),
    ]
    return _without_ambiguous_names(found)


def undecided_servers(draft: Draft) -> list[str]:
    """The keys of edge servers whose image may read either of two variables for its key."""
    return [
        f"edge_servers.{keys[1]}[{keys[2]}].secret_variables"
        for _, keys, server in _edge_servers(draft)
        if key_variable(server) is None and server.secret_variables is None
    ]


def edge_server_named(draft: Draft, name: str) -> tuple[int, Server] | None:
    """An edge server and its number, from 1, or `None`."""
    return next(
        ((number, server) for number, _, server in _edge_servers(draft) if server.name == name),
        None,
    )


def _edge_servers(draft: Draft) -> Iterator[tuple[int, Keys, Server]]:
    """The edge servers with the number that `ES1_KEY` has, and their place."""
    number = 0
    kinds: dict[str, Sequence[Server]] = {
        "long_running": draft.config.edge_servers.long_running,
        "serverless": draft.config.edge_servers.serverless,
    }
    for kind, servers in kinds.items():
        for index, server in enumerate(servers):
            number += 1
            yield number, ("edge_servers", kind, index), server


def _of_edge_server(draft: Draft, number: int, keys: Keys, server: Server) -> Iterator[Target]:
    prefix, by_name = f"ES{number}", _shell_name(server.name)
    fields = own_variables(server)
    missing = {v: f for v, f in fields.items() if v not in filled_elsewhere(server)}
    only_key = len(missing.keys() & set(_EDGE_KEYS)) == 1

    def names(variable: str) -> tuple[str, ...]:
        if variable in _EDGE_KEYS and only_key:
            return tuple(dict.fromkeys([f"{prefix}_KEY", f"{prefix}_{variable}", f"{by_name}_KEY"]))
        if variable == JWT_JWKS:
            return (JWT_JWKS,)
        return (f"{prefix}_{variable}",)

    yield Target(
        (*keys, "secret_arn"),
        draft.arn(server.secret_arn),
        _name(draft, server.name),
        f"What the Datafi edge server {server.name} reads",
        tuple(Wanted(f, v, names(v), server.name) for v, f in missing.items()),
    )
    if isinstance(server, EdgeServerConfig):
        yield from _update_secret(draft, keys, server, (prefix, by_name))


def _of_coordinator(draft: Draft, coordinator: CoordinatorConfig) -> Iterator[Target]:
    keys = ("coordinator",)
    name = coordinator.name
    yield Target(
        (*keys, "secret_arn"),
        draft.arn(coordinator.secret_arn),
        _name(draft, name),
        "What the Datafi coordinator reads",
        tuple(
            Wanted(field, variable, (f"CO_{variable}",), name)
            for variable, field in coordinator.secret_variables.items()
        ),
    )
    if coordinator.registry_credentials_secret_arn:
        yield Target(
            (*keys, "registry_credentials_secret_arn"),
            draft.arn(coordinator.registry_credentials_secret_arn),
            _name(draft, name, "registry"),
            "Credentials of the registry of the Datafi coordinator",
            tuple(Wanted(each, each, (f"ACR_{each.upper()}",), name) for each in REGISTRY_FIELDS),
        )
    yield from _update_secret(draft, keys, coordinator, ("CO",))


def _update_secret(
    draft: Draft,
    keys: Keys,
    server: EdgeServerConfig | CoordinatorConfig,
    prefixes: tuple[str, ...],
) -> Iterator[Target]:
    update_api = draft.config.update_api
    if update_api.shared or update_api.caller_role_arns:
        return
    names = tuple(f"{prefix}_UPDATE_API_SECRET" for prefix in prefixes)
    yield Target(
        (*keys, "update_secret_arn"),
        server.update_secret_arn,
        _name(draft, server.name, "update"),
        f"Key of the update API of {server.name}",
        (Wanted(None, UPDATE_SECRET, names, server.name, is_required=False),),
    )


def _shared(draft: Draft) -> Iterator[Target]:
    """What all servers read, after whose names no server can be called."""
    config = draft.config
    reads_shared = [
        server
        for _, _, server in _edge_servers(draft)
        if JWT_JWKS not in {*filled_elsewhere(server), *(server.secret_variables or {})}
    ]
    if reads_shared:
        is_required = config.coordinator is not None or config.jwt_jwks_secret_arn is not None
        yield Target(
            ("jwt_jwks_secret_arn",),
            config.jwt_jwks_secret_arn,
            _name(draft, "jwt.jwks"),
            "Public keys of the Datafi coordinator, for its edge servers",
            (Wanted(JWT_JWKS, JWT_JWKS, (JWT_JWKS,), is_required=is_required),),
        )
    if config.update_api.shared and not config.update_api.caller_role_arns:
        yield Target(
            ("update_api", "secret_arn"),
            config.update_api.secret_arn,
            _name(draft, "update.api"),
            "Key of the update API",
            (Wanted(None, UPDATE_SECRET, ("UPDATE_API_SECRET",), is_required=False),),
        )


def _name(draft: Draft, *parts: str) -> str:
    return "/".join(("datafi", draft.config.deployment_name, *parts))


def _shell_name(name: str) -> str:
    return name.upper().replace("-", "_")


def _without_ambiguous_names(found: list[Target]) -> list[Target]:
    """Leave out names after servers that stand for something else, too: `ES2_KEY` of an es2."""
    usual = {each.names[0] for target in found for each in target.wanted}
    count = Counter(name for target in found for each in target.wanted for name in set(each.names))

    def is_clear(wanted: Wanted, name: str) -> bool:
        return name == wanted.names[0] or (name not in usual and count[name] == 1)

    def cleared(wanted: Wanted) -> Wanted:
        return replace(wanted, names=tuple(n for n in wanted.names if is_clear(wanted, n)))

    return [
        replace(target, wanted=tuple(cleared(each) for each in target.wanted)) for target in found
    ]
