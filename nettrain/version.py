"""The version of nettrain."""

__version__ = "0.1.0"
