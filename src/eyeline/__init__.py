"""Eyeline: self-hosted, peer-to-peer video calls."""

__version__ = "0.1.0"
