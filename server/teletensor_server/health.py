"""The standard gRPC health service, for probes and balancers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health, health_pb2_grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest as Request
from grpc_health.v1.health_pb2 import HealthCheckResponse as Response


class HealthServicer(health.HealthServicer):  # type: ignore[misc]  # grpc_health has no annotations
    """Answers on threads of its own, so that it never waits behind sessions."""

    def Check(self, request: Request, context: grpc.ServicerContext) -> Response:
        """Whether a service serves; the empty name stands for the worker as a whole."""
        return super().Check(request, context)


HealthServicer.Check.experimental_thread_pool = ThreadPoolExecutor(2, "health")  # type: ignore[attr-defined]


def add_health(server: grpc.Server, *services: str) -> HealthServicer:
    """Register the health service; everything serves until `enter_graceful_shutdown()`."""
    servicer = HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    for name in ("", *services):
        servicer.set(name, Response.SERVING)
    return servicer
