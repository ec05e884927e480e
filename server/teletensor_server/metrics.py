"""Prometheus metrics of a worker, read from it when they are scraped."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from importlib.metadata import version

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from teletensor_server.worker import Worker


class WorkerCollector(Collector):
    """Asks the worker at every scrape. No session or tensor is a label: there is no end of them."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def collect(self) -> Iterator[Metric]:
        """Every metric with its present value."""
        yield self._build_info()
        yield from self._totals()
        yield from self._held()
        yield from self._memory()

    def _build_info(self) -> Metric:
        info = InfoMetricFamily("teletensor_build", "What this worker is.")
        labels = {"version": version("teletensor"), "python": platform.python_version(), "device": self._worker.device}
        info.add_metric([], labels)
        return info

    def _totals(self) -> Iterator[Metric]:
        totals = self._worker.totals()
        yield CounterMetricFamily("teletensor_sessions_opened", "Sessions opened.", value=totals.sessions_opened)
        yield CounterMetricFamily("teletensor_ops", "Ops run.", value=totals.ops)
        yield CounterMetricFamily(
            "teletensor_bytes_received", "Bytes received from clients.", value=totals.bytes_received
        )
        yield CounterMetricFamily("teletensor_bytes_sent", "Bytes sent to clients.", value=totals.bytes_sent)
        yield CounterMetricFamily("teletensor_errors", "Requests that were refused or failed.", value=totals.errors)

    def _held(self) -> Iterator[Metric]:
        sessions = self._worker.session_infos()
        connected = sum(session.connected for session in sessions)
        tensors, held = sum(session.tensors for session in sessions), sum(session.bytes for session in sessions)
        yield GaugeMetricFamily("teletensor_sessions", "Open sessions.", value=len(sessions))
        yield GaugeMetricFamily(
            "teletensor_sessions_connected", "Open sessions with a client connected.", value=connected
        )
        yield GaugeMetricFamily("teletensor_tensors", "Tensors that sessions hold.", value=tensors)
        yield GaugeMetricFamily("teletensor_tensor_bytes", "Bytes of the tensors that sessions hold.", value=held)
        yield GaugeMetricFamily("teletensor_draining", "1 while shutting down.", value=int(self._worker.draining))

    def _memory(self) -> Iterator[Metric]:
        memory = GaugeMetricFamily("teletensor_device_memory_bytes", "Memory of a device.", labels=["device", "kind"])
        for device in self._worker.device_infos():
            for kind in ("allocated", "free", "total"):
                if kind in device:
                    memory.add_metric([str(device["device"]), kind], device[kind])
        yield memory
        yield GaugeMetricFamily("teletensor_resident_memory_bytes", "Memory of the process.", value=resident_bytes())
        yield GaugeMetricFamily("teletensor_start_time_seconds", "When the worker started.", value=self._worker.started)


def create_registry(worker: Worker) -> CollectorRegistry:
    """A registry with this worker's metrics and nothing else."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(WorkerCollector(worker))
    return registry


def render(registry: CollectorRegistry) -> bytes:
    """The metrics in Prometheus' text format."""
    return bytes(generate_latest(registry))


def resident_bytes() -> int:
    """Memory of this process that is in RAM; its peak where the system does not tell."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return _peak_bytes()


def _peak_bytes() -> int:
    try:
        import resource
    except ImportError:
        return 0
    unit = 1 if platform.system() == "Darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
