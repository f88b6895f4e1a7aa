"""A Datafi edge deployment, as datafi.yaml beside this file describes it."""

import os
from pathlib import Path

from datafi_cdk import DatafiEdgeConfig, DatafiEdgeStack
from aws_cdk import App

app = App(outdir=os.environ.get("CDK_OUTDIR", "cdk.out"))
config = DatafiEdgeConfig.from_file(Path(__file__).parent / "datafi.yaml")
DatafiEdgeStack(app, "DatafiEdge", config=config)
app.synth()
