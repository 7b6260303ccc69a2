"""Certificates from an authority, by ACME (RFC 8555): ordered when the server starts, and renewed while it runs."""
