"""A subcommand that deals with secrets, and so shows no argument that it does not take."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

__all__ = ["QuietCommand"]


class QuietCommand(TyperCommand):
    """Refuses arguments that are too many without showing them: one may be a secret."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take the arguments apart."""
        ctx.allow_extra_args = True
        rest: list[str] = super().parse_args(ctx, args)
        if ctx.args and not ctx.resilient_parsing:
            ctx.fail(
                f"takes no more arguments, got {len(ctx.args)} more, not shown here as they may be"
                " secret; secrets are typed when asked for, or read from a file"
            )
        return rest
