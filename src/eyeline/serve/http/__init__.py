"""HTTP: pages, API, health checks, and error responses."""
