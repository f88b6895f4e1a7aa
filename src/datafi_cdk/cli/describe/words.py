"""How things are called in the sheet."""

from __future__ import annotations

import re

from ...topology.network import SecurityRule

__all__ = ["DEPLOYMENT_WORDS", "broken", "pieces", "ports", "shown", "without_arn"]

_BREAKS = re.compile(r"(?<=[ /.,:@-])")

_ARN = re.compile(r"arn:[^:\s]*:[^:\s]*:[^:\s]*:[^:\s]*:(\S+)")
_LOAD_BALANCER = re.compile(r"loadbalancer/\w+/([^/\s]+)/\w+")

DEPLOYMENT_WORDS = {
    "${AWS::Partition}": "PARTITION",
    "${AWS::Region}": "REGION",
    "${AWS::AccountId}": "ACCOUNT",
    "${AWS::URLSuffix}": "DOMAIN",
    "${AWS::StackId}": "STACK",
}
"""What is known at deployment only, and how the sheet writes it."""


def shown(text: str) -> str:
    """A text of the topology as the sheet writes it."""
    for pseudo_parameter, word in DEPLOYMENT_WORDS.items():
        text = text.replace(pseudo_parameter, word)
    return text


def without_arn(text: str) -> str:
    """A text in which ARNs are cut down to what they name, for where there is little room."""
    return _LOAD_BALANCER.sub(r"load balancer \1", _ARN.sub(r"\1", shown(text)))


def ports(rule: SecurityRule) -> str:
    """Protocol and ports of a rule."""
    if rule.protocol == "-1":
        return "all"
    protocol = {"6": "TCP", "17": "UDP", "1": "ICMP"}.get(rule.protocol, rule.protocol.upper())
    if rule.ports is None:
        return f"{protocol} all"
    first, last = rule.ports
    if protocol == "ICMP":
        return protocol
    return f"{protocol} {first}" if first == last else f"{protocol} {first} to {last}"


def pieces(text: str) -> list[str]:
    """What of a text is to stay together: words, and the parts of paths, names and ARNs."""
    return _BREAKS.split(text)


def broken(text: str, room: int) -> list[str]:
    """A text in lines, broken between its pieces, or anywhere if one is too long.

    Args:
        text: The text.
        room: How many characters fit on a line.
    """
    lines = [""]
    for piece in pieces(text):
        while len(piece) > room:
            if lines[-1]:
                lines.append("")
            lines[-1], piece = piece[:room], piece[room:]
            lines.append("")
        if len(lines[-1]) + len(piece.rstrip()) > room:
            lines.append("")
        lines[-1] += piece
    return [line.strip() for line in lines if line.strip()]
