"""The `datafi-cdk` command, run as its users run it."""
