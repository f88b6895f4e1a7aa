"""The boxes of what servers use: data, secrets, live versions, registries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...topology import Topology
from ..describe.alike import SERVER, Servers
from ..describe.words import shown, without_arn
from .picture import FEWEST, STORES, Box, Line
from .servers import ServerBoxes

__all__ = ["StoreBoxes"]

_KINDS = {
    "S3 bucket": ("S3 bucket", "S3 buckets"),
    "DynamoDB table": ("DynamoDB table", "DynamoDB tables"),
    "EFS file system": ("EFS file system", "EFS file systems"),
    "RDS database": ("RDS database", "RDS databases"),
    "ElastiCache": ("ElastiCache", "ElastiCache"),
    "MemoryDB": ("MemoryDB", "MemoryDB"),
    "queue": ("queue", "queues"),
    "secret": ("secret", "secrets"),
    "SSM parameter": ("live version, in SSM", "live versions"),
    "registry": ("image registry", "image registries"),
}
_MANY = 6


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
        self._on_deletion: dict[tuple[str, frozenset[str]], set[str]] = {}
        self._stores = {one.id: one for one in topology.stores if one.kind in _KINDS}
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
                for resource in statement.resource_ids:
                    store = self._stores.get(resource)
                    if store and store.kind != "SSM parameter":
                        yield user, store.kind, store.id
                    _, found, parameter = resource.partition(":parameter")
                    if found and parameter in names:
                        yield user, "SSM parameter", parameter
                    if ":secretsmanager:" in resource and "*" not in resource:
                        yield user, "secret", resource

    def _order(self, users: Iterable[str]) -> float:
        """Where a box stands among the others: beside those that use it."""
        places = {box.id: place for place, box in enumerate(self._servers.boxes)}
        used_by = [places[user] for user in users]
        return sum(used_by) / len(used_by)

    def _add(self, users: dict[tuple[str, str], set[str]]) -> None:
        alike: dict[tuple[str, str], list[str]] = {}
        for kind, identity in users:
            alike.setdefault((kind, self._general(identity)), []).append(identity)
        for (kind, general), members in list(alike.items()):
            if len(members) < FEWEST:
                del alike[kind, general]
                alike |= {(kind, member): [member] for member in members}
        together: dict[tuple[str, frozenset[str]], list[str]] = {}
        for (kind, general), members in alike.items():
            used_by = frozenset(user for member in members for user in users[kind, member])
            title = self._label(members[0])
            if len(members) > 1:
                title = f"{len(members)} alike: {general}"
            together.setdefault((kind, used_by), []).append(title)
            self._on_deletion.setdefault((kind, used_by), set()).update(
                self._stores[member].on_deletion for member in members if member in self._stores
            )
        kinds = [*_KINDS]
        for kind, used_by in sorted(
            together, key=lambda one: (self._order(one[1]), kinds.index(one[0]))
        ):
            box_id = f"store{len(self.boxes) + 1}"
            self.boxes.append(self._box(box_id, kind, together[kind, used_by], used_by))
            self.lines |= {Line(user, box_id, "data") for user in used_by}

    def _box(self, box_id: str, kind: str, titles: list[str], used_by: frozenset[str]) -> Box:
        deletion = sorted(self._on_deletion[kind, used_by])
        texts = [f"on deletion: {', '.join(deletion)}"] if deletion else []
        one, several = _KINDS[kind]
        if len(titles) == 1:
            count = 2 if " alike: " in titles[0] else 1
            return Box(box_id, STORES, one, titles[0], tuple(texts), count=count)
        shown_titles = sorted(titles)[:_MANY]
        if len(titles) > _MANY:
            shown_titles.append(f"and {len(titles) - _MANY} more")
        title = f"{len(titles)} {several}"
        return Box(box_id, STORES, several, title, (*shown_titles, *texts), count=len(titles))

    def _label(self, identity: str) -> str:
        return without_arn(self._topology.labels.get(identity, identity))

    def _general(self, identity: str) -> str:
        label = self._label(identity)
        server = self._named.owner(label)
        if server is None:
            return label
        return server.pattern.sub(SERVER, label.replace(server.label, SERVER))
