"""Lets `python -m datafi_cdk.cli` run the command."""

from . import main

main()
