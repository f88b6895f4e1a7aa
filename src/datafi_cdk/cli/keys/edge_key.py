"""How the image of an edge server makes the server's own key."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import CommandError
from ...validation import default_edge_variables
from ..secrets.draft import Draft
from ..secrets.targets import Wanted, edge_server_named, targets
from ..secrets.uses import Server, key_variable

_IMAGE = "datafi/es"
_KEYS = ("KEY", "EDGE_KEY")


@dataclass(frozen=True)
class EdgeKey:
    """The key of an edge server.

    Args:
        server: The server's name.
        wanted: The variable that its image reads, and where the key goes.
        command: The command that makes it, and prints it.
    """

    server: str
    wanted: Wanted
    command: str


def edge_key(draft: Draft, server: str | None, tag: str | None = None) -> EdgeKey:
    """What there is to know of the key of an edge server.

    Args:
        draft: The configuration.
        server: The server's name. Default: the only one.
        tag: The tag of the image that shall read it. Default: the server's own.

    Raises:
        CommandError: There is no such server, several may be meant, or it is not known which key
            its image reads.
    """
    names = edge_server_names(draft)
    if server is None and len(names) == 1:
        server = names[0]
    found = edge_server_named(draft, server) if server else None
    if found is None:
        raise CommandError(
            f"the edge server must be one of {', '.join(names)}, got {server or 'none'}; name it"
        )
    section = found[1]
    given = [
        wanted
        for target in targets(draft)
        for wanted in target.wanted
        if wanted.server == section.name and wanted.variable in _KEYS
    ]
    by_tag = default_edge_variables(tag)[0] if tag else key_variable(section)
    wanted = next((each for each in given if each.variable == by_tag), None)
    if wanted is None and len(given) == 1 and by_tag is None:
        wanted = given[0]
    if wanted is None:
        raise CommandError(
            f"secret_variables of {section.name} must hold the variable that its image reads,"
            f" {by_tag or ' or '.join(_KEYS)}; write it there"
        )
    host = f"{section.name}.{draft.config.dns.root_domain}"
    return EdgeKey(section.name, wanted, _command(wanted.variable, _image(section, tag), host))


def edge_server_names(draft: Draft) -> list[str]:
    """The names of the edge servers."""
    servers = draft.config.edge_servers
    return [
        *(server.name for server in servers.long_running),
        *(server.name for server in servers.serverless),
    ]


def _image(server: Server, tag: str | None) -> str:
    if server.image_digest and not tag:
        return f"{_IMAGE}@{server.image_digest}"
    tag = tag or server.image_tag or "latest"
    return _IMAGE if tag == "latest" else f"{_IMAGE}:{tag}"


def _command(variable: str, image: str, host: str) -> str:
    """The one that the image's generation understands."""
    if variable == "KEY":
        return f"docker run --rm -e ENDPOINT=https://{host} {image}"
    return f"docker run --rm {image} --init --endpoint https://{host}"
