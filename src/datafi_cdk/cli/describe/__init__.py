"""`datafi-cdk describe`: the sheet that a security review asks for."""
