"""Serves AWS until the process is killed: `python -m datafi_cdk.local.server fd://3`.

The argument says what to listen on, in hypercorn's notation; `fd://` is an inherited socket.
Everything else comes from ministack's environment variables.
"""

from __future__ import annotations

import asyncio
import sys
from importlib.metadata import version

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app

from .gaps import fill_gaps

if __name__ == "__main__":
    try:
        fill_gaps()
    except (AttributeError, ImportError, KeyError) as error:
        sys.exit(
            f"ministack {version('ministack')} differs inside from 1.5.33 ({error!r});"
            " run: pip install ministack==1.5.33"
        )
    config = Config()
    config.bind = [sys.argv[1]]
    config.keep_alive_timeout = 75
    asyncio.run(serve(app, config))
