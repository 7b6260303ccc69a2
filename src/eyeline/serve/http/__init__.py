"""HTTP: pages, API, health, and how a request is refused."""
