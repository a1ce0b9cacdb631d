"""The Jupyter server extension: REST over the services of one store."""
