"""Prometheus metrics: every metric of `/metrics` is a row of `ROWS`.

Nothing is counted here.  Each component keeps its figures as plain numbers; `Metrics.read` registers how to read them,
which happens on each scrape.  So a metric costs the hot paths an addition, and components don't depend on Prometheus.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Final, Literal, NamedTuple, get_args

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from eyeline.serve.connection_limits import ConnectionRefusal, RefusalCode
from eyeline.signalling.refusals import REFUSALS

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
"""Content type of `Metrics.page`."""

SIP_LIMITS: Final = (
    *("size", "connection-rate", "address-rate", "account-rate", "passwords", "registrations", "calls"),
    "transactions",
)
"""As in `sip/limits.py`, which only servers with SIP load."""

LAG_EVERY: Final = 0.5
"""Interval of event loop lag measurements, in seconds."""

_LAG_BUCKETS: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)

Reading = Callable[[], float | Mapping[str, float]]
"""Reads the current figure: a number, or one for each value of the row's label.  Missing values are 0."""


class MetricRow(NamedTuple):
    """One metric."""

    kind: Literal["counter", "gauge", "histogram"]
    meaning: str
    label: str = ""
    values: tuple[str, ...] = ()
    """All values of the label, so that each is exported as 0 from the start."""


ROWS: Final[dict[str, MetricRow]] = {
    "eyeline_sockets": MetricRow("gauge", "Open WebSockets."),
    "eyeline_rooms": MetricRow("gauge", "Rooms with a member, connected or away, or with somebody in the lobby."),
    "eyeline_seats": MetricRow(
        "gauge", "Seats of members who are connected, or away with their seat kept.", "is", ("here", "away")
    ),
    "eyeline_joins_total": MetricRow(
        "counter",
        "Responses to join requests, by outcome.",
        "outcome",
        ("seated", "room-full", "locked", "too-many-knocks", "denied", "removed", "ended", "busy"),
    ),
    "eyeline_resumes_total": MetricRow(
        "counter",
        "Responses to resume requests, by outcome.",
        "outcome",
        ("seated", "room-full", "seat-gone", "removed"),
    ),
    "eyeline_signals_total": MetricRow("counter", "Signals received from members, to be relayed."),
    "eyeline_refusals_total": MetricRow("counter", "Messages that were refused.", "code", tuple(REFUSALS)),
    "eyeline_drops_total": MetricRow(
        "counter",
        "WebSockets closed by the broker, other than after `leave`.",
        "reason",
        (*(code for code, row in REFUSALS.items() if row.closes is not None), "going away"),
    ),
    "eyeline_handshakes_refused_total": MetricRow(
        "counter", "WebSocket handshakes that were refused.", "code", get_args(RefusalCode)
    ),
    "eyeline_connections_refused_total": MetricRow(
        "counter",
        "TCP connections that were closed unread: their address had too many that are neither WebSockets nor TURN, or"
        " too many that had sent nothing.",
        "why",
        get_args(ConnectionRefusal),
    ),
    "eyeline_stun_answers_total": MetricRow("counter", "STUN Binding requests that were answered."),
    "eyeline_turn_allocations": MetricRow("gauge", "Current TURN allocations."),
    "eyeline_turn_refusals_total": MetricRow(
        "counter",
        "STUN and TURN error responses; each allocation begins with a 401.",
        "code",
        ("400", "401", "403", "420", "437", "438", "440", "441", "442", "443", "486", "508"),
    ),
    "eyeline_turn_connections_refused_total": MetricRow(
        "counter",
        "TURN connections over TCP and TLS that were closed: too many from one address, no sockets left, reported twice"
        " by a proxy, or too many requests without an allocation.",
        "why",
        ("too-many-connections", "no-sockets", "twice", "too-many-requests"),
    ),
    "eyeline_relayed_bytes_total": MetricRow(
        "counter", "Bytes relayed, without headers.", "way", ("to peers", "to clients")
    ),
    "eyeline_relayed_packets_total": MetricRow("counter", "Packets relayed.", "way", ("to peers", "to clients")),
    "eyeline_relay_dropped_packets_total": MetricRow("counter", "Packets dropped by their member's bandwidth limit."),
    "eyeline_relay_native_pump": MetricRow("gauge", "1 if the relay moves packets in C, 0 if in Python."),
    "eyeline_sip_connections": MetricRow(
        "gauge",
        "SIP connections by transport; for UDP, source addresses. WebSockets are also among `eyeline_sockets`.",
        "transport",
        ("ws", "wss", "tcp", "tls", "udp"),
    ),
    "eyeline_sip_registrations": MetricRow("gauge", "Registered SIP devices."),
    "eyeline_sip_calls": MetricRow("gauge", "SIP calls that have been answered."),
    "eyeline_sip_transactions": MetricRow("gauge", "SIP transactions in progress."),
    "eyeline_sip_answers_total": MetricRow(
        "counter",
        "SIP requests that the server answered itself, by status; registering begins with a 401.",
        "status",
        ("200", "400", "401", "403", "404", "405", "407", "408", "416", "420", "423", "480", "481", "482", "483"),
    ),
    "eyeline_sip_refusals_total": MetricRow("counter", "What a limit of SIP refused.", "limit", SIP_LIMITS),
    "eyeline_sip_drops_total": MetricRow(
        "counter",
        "SIP connections that the server closed; `closed` by its protocol, such as after too many wrong passwords.",
        "why",
        ("closed", "too many", "too fast", "too slow", "silent", "malformed", "going away"),
    ),
    "eyeline_loop_lag_seconds": MetricRow(
        "histogram", f"Event loop lag: how late timers fire, measured every {LAG_EVERY:g} s."
    ),
}
"""Every metric, by its Prometheus name.  The table in `docs/monitor.md` is generated from it."""


class Metrics(Collector):
    """The metrics of one server and of its process."""

    def __init__(self) -> None:
        self._readings: dict[str, Reading] = {}
        self._registry = CollectorRegistry()
        name = "eyeline_loop_lag_seconds"
        self.lag = Histogram(name, ROWS[name].meaning, buckets=_LAG_BUCKETS, registry=self._registry)
        ProcessCollector(registry=self._registry)
        self._registry.register(self)

    def read(self, name: str, reading: Reading) -> None:
        """Register how to read the metric `name`.  Raises `KeyError` if it isn't in `ROWS`."""
        if name not in ROWS:
            raise KeyError(name)
        self._readings[name] = reading

    def page(self) -> bytes:
        """All metrics in Prometheus's text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Called by the registry on each scrape: the registered metrics."""
        for name, reading in self._readings.items():
            row = ROWS[name]
            family = CounterMetricFamily if row.kind == "counter" else GaugeMetricFamily
            metric = family(name, row.meaning, labels=[row.label] if row.label else [])
            figure = reading()
            if isinstance(figure, Mapping):
                for value in dict.fromkeys((*row.values, *figure)):
                    metric.add_metric([value], figure.get(value, 0))
            else:
                metric.add_metric([], figure)
            yield metric


class LagProbe:
    """Reports the event loop's lag to `observe`, in seconds, until `close`."""

    def __init__(self, observe: Callable[[float], None]) -> None:
        self._observe = observe
        self._loop = asyncio.get_running_loop()
        self._timer = self._schedule()

    def close(self) -> None:
        """Stop measuring."""
        self._timer.cancel()

    def _schedule(self) -> asyncio.TimerHandle:
        return self._loop.call_later(LAG_EVERY, self._measure, self._loop.time() + LAG_EVERY)

    def _measure(self, due: float) -> None:
        self._observe(max(0.0, self._loop.time() - due))
        self._timer = self._schedule()
