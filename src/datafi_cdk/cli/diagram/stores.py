"""The boxes of what servers use: data, secrets, live versions, registries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...topology import Topology
from ...topology.stored import Store
from ..describe.alike import SERVER, Servers
from ..describe.words import shown
from .picture import STORES, Box, Line
from .servers import ServerBoxes

__all__ = ["StoreBoxes"]

_DRAWN = (
    "S3 bucket",
    "secret",
    "SSM parameter",
    "DynamoDB table",
    "EFS file system",
    "RDS database",
    "ElastiCache",
    "MemoryDB",
    "queue",
)
_MANY = 4


class StoreBoxes:
    """What servers use, alike things in one box.

    Args:
        topology: What the app makes.
        servers: The boxes of the servers.
        named: The servers by name.

    Attributes:
        boxes: The boxes.
        lines: The lines from servers to them.
    """

    def __init__(self, topology: Topology, servers: ServerBoxes, named: Servers) -> None:
        """Make the boxes and lines."""
        self._topology = topology
        self._servers = servers
        self._named = named
        self.boxes: list[Box] = []
        self.lines: set[Line] = set()
        self._stores = {one.id: one for one in topology.stores if one.kind in _DRAWN}
        users: dict[tuple[str, str], set[str]] = {}
        for user, kind, name in sorted(set(self._uses())):
            users.setdefault((kind, name), set()).add(servers.box_of[user])
        self._add(users)

    def _uses(self) -> Iterator[tuple[str, str, str]]:
        """Who uses which thing, by id: user, kind, and the thing's id or name."""
        topology = self._topology
        for service in topology.services:
            for container in service.containers:
                yield service.id, "registry", shown(container.image.registry)
                if container.image.tag_parameter:
                    yield service.id, "SSM parameter", container.image.tag_parameter.name
                for use in container.secrets:
                    yield service.id, "secret", use.secret
            yield from self._by_role(service.id, (service.task_role, service.execution_role))
        for function in topology.functions:
            if function.id in self._servers.box_of:
                if function.image:
                    yield function.id, "registry", shown(function.image.registry)
                yield from self._by_role(function.id, (function.role,))

    def _by_role(self, user: str, roles: Iterable[str]) -> Iterator[tuple[str, str, str]]:
        names = {one.name: one for one in self._stores.values() if one.name}
        for role in self._topology.roles:
            if role.id not in roles:
                continue
            for statement in role.statements:
                for resource, readable in zip(
                    statement.resource_ids, statement.resource_ids, strict=True
                ):
                    store = self._stores.get(resource)
                    if store and store.kind != "SSM parameter":
                        yield user, store.kind, store.id
                    _, found, parameter = readable.partition(":parameter")
                    if found and parameter in names:
                        yield user, "SSM parameter", parameter
                    if ":secretsmanager:" in resource and "*" not in resource:
                        yield user, "secret", resource

    def _add(self, users: dict[tuple[str, str], set[str]]) -> None:
        alike: dict[tuple[str, str], list[str]] = {}
        for kind, identity in users:
            alike.setdefault((kind, self._general(identity)), []).append(identity)
        kinds: dict[str, list[tuple[str, list[str]]]] = {}
        for (kind, general), members in alike.items():
            kinds.setdefault(kind, []).append((general, members))
        for kind in (*_DRAWN, "registry"):
            groups = kinds.get(kind, [])
            if len(groups) > _MANY:
                groups = [(f"{kind}s of several servers", [m for _, ms in groups for m in ms])]
            for general, members in groups:
                box_id = f"store{len(self.boxes) + 1}"
                self.boxes.append(self._box(box_id, kind, general, members))
                for member in members:
                    self.lines |= {Line(user, box_id, "data") for user in users[kind, member]}

    def _box(self, box_id: str, kind: str, general: str, members: list[str]) -> Box:
        store = self._stores.get(members[0])
        title = general if len(members) > 1 else self._label(members[0])
        if len(members) > 1:
            title = f"{len(members)} × {title}"
        return Box(
            box_id, STORES, _KIND_TITLES.get(kind, kind), title, _texts(store), count=len(members)
        )

    def _label(self, identity: str) -> str:
        return shown(self._topology.labels.get(identity, identity))

    def _general(self, identity: str) -> str:
        label = self._label(identity)
        server = self._named.owner(label)
        if server is None:
            return label
        return server.pattern.sub(SERVER, label.replace(server.label, SERVER))


_KIND_TITLES = {"registry": "image registry", "SSM parameter": "live version (SSM parameter)"}


def _texts(store: Store | None) -> tuple[str, ...]:
    return (f"on deletion: {store.on_deletion}",) if store else ()
