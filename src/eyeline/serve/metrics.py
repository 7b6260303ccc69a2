"""What an operator can measure: every figure of `/metrics` is a row of `ROWS`.

Nothing is counted here.  Whoever knows a figure keeps it as a plain number; `Metrics.read` says where it is, and it is
looked at when somebody asks.  So a figure costs the hot paths an addition, and the machines know nothing of Prometheus.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Final, Literal, NamedTuple, get_args

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from eyeline.serve.connection_limits import RefusalCode
from eyeline.signalling.refusals import REFUSALS

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
"""Of `Metrics.page`."""

LAG_EVERY: Final = 0.5
"""Seconds between two looks at how late the event loop is."""

_LAG_BUCKETS: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)

Reading = Callable[[], float | Mapping[str, float]]
"""The figure now: a number, or one for each value of the row's label.  A value that is missing is 0."""


class MetricRow(NamedTuple):
    """One figure."""

    kind: Literal["counter", "gauge", "histogram"]
    meaning: str
    label: str = ""
    values: tuple[str, ...] = ()
    """All that the label can be, so that each is there, as 0, from the start."""


ROWS: Final[dict[str, MetricRow]] = {
    "eyeline_sockets": MetricRow("gauge", "WebSockets that are open."),
    "eyeline_rooms": MetricRow("gauge", "Rooms with somebody inside, looking on, or away and awaited."),
    "eyeline_seats": MetricRow(
        "gauge", "Seats that are taken: with a socket, or kept for who is away.", "is", ("here", "away")
    ),
    "eyeline_joins_total": MetricRow(
        "counter",
        "Answers to who asked for a seat.",
        "outcome",
        ("seated", "room-full", "locked", "too-many-knocks", "denied", "removed", "ended", "busy"),
    ),
    "eyeline_resumes_total": MetricRow(
        "counter",
        "Answers to who came back with a signed claim to a seat.",
        "outcome",
        ("seated", "room-full", "seat-gone", "removed"),
    ),
    "eyeline_signals_total": MetricRow("counter", "Signals taken from members, to be passed on."),
    "eyeline_refusals_total": MetricRow("counter", "Messages that were not taken.", "code", tuple(REFUSALS)),
    "eyeline_drops_total": MetricRow(
        "counter",
        "WebSockets that the broker closed without being asked to.",
        "reason",
        (*(code for code, row in REFUSALS.items() if row.closes is not None), "going away"),
    ),
    "eyeline_handshakes_refused_total": MetricRow(
        "counter", "WebSockets that were not opened.", "code", get_args(RefusalCode)
    ),
    "eyeline_stun_answers_total": MetricRow("counter", "Binding requests that were answered."),
    "eyeline_turn_allocations": MetricRow("gauge", "Relayed addresses that clients hold."),
    "eyeline_turn_refusals_total": MetricRow(
        "counter",
        "STUN and TURN requests that were refused; each allocation begins with a 401.",
        "code",
        ("400", "401", "403", "420", "437", "438", "440", "441", "442", "443", "486", "508"),
    ),
    "eyeline_turn_connections_refused_total": MetricRow(
        "counter",
        "TURN connections by TCP and TLS that were closed: too many of an address, no sockets left for them, two that a"
        " proxy says are one, or too many requests without an allocation.",
        "why",
        ("too-many-connections", "no-sockets", "twice", "too-many-requests"),
    ),
    "eyeline_relayed_bytes_total": MetricRow(
        "counter", "Bytes relayed, without headers.", "way", ("to peers", "to clients")
    ),
    "eyeline_relayed_packets_total": MetricRow("counter", "Packets relayed.", "way", ("to peers", "to clients")),
    "eyeline_relay_dropped_packets_total": MetricRow("counter", "Packets that were over their member's bandwidth."),
    "eyeline_loop_lag_seconds": MetricRow(
        "histogram", f"How late the event loop came to a timer, looked at every {LAG_EVERY:g} s."
    ),
}
"""Every figure, by its name at Prometheus.  The table in `docs/operate.md` is made from it."""


class Metrics(Collector):
    """The figures of one server, and of its process."""

    def __init__(self) -> None:
        self._readings: dict[str, Reading] = {}
        self._registry = CollectorRegistry()
        name = "eyeline_loop_lag_seconds"
        self.lag = Histogram(name, ROWS[name].meaning, buckets=_LAG_BUCKETS, registry=self._registry)
        ProcessCollector(registry=self._registry)
        self._registry.register(self)

    def read(self, name: str, reading: Reading) -> None:
        """From now on the row `name` is what `reading` gives.  Raises `KeyError` if there is no such row."""
        if name not in ROWS:
            raise KeyError(name)
        self._readings[name] = reading

    def page(self) -> bytes:
        """All figures, in Prometheus's text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """For the registry: the figures that are read."""
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
    """Tells `observe` how late the event loop is, in seconds, until `close`."""

    def __init__(self, observe: Callable[[float], None]) -> None:
        self._observe = observe
        self._loop = asyncio.get_running_loop()
        self._timer = self._set()

    def close(self) -> None:
        """Look no more."""
        self._timer.cancel()

    def _set(self) -> asyncio.TimerHandle:
        return self._loop.call_later(LAG_EVERY, self._look, self._loop.time() + LAG_EVERY)

    def _look(self, due: float) -> None:
        self._observe(max(0.0, self._loop.time() - due))
        self._timer = self._set()
