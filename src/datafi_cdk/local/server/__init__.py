"""The server process of the embedded AWS: ministack with its gaps filled."""
