"""Google's client libraries, imported when the first of them is needed: they take seconds."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gke_cluster.errors import Misused

if TYPE_CHECKING:
    from google.cloud import compute_v1, container_v1

CALL_TIMEOUT = 30  # seconds, of one request
PATIENCE = 60  # seconds, in which a request that met a passing failure is made again
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0  # seconds, between such attempts

# The names that gcloud has for the same: where the two APIs are to be found. Over http:// no credentials are sent.
CONTAINER_ENDPOINT = "CLOUDSDK_API_ENDPOINT_OVERRIDES_CONTAINER"
COMPUTE_ENDPOINT = "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE"
PROJECT_VARIABLES = ("GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT")


def named_project() -> str | None:
    """The project that the environment names."""
    return next((os.environ[name] for name in PROJECT_VARIABLES if os.environ.get(name)), None)


def default_project() -> str:
    """The project of the environment, or of the user's credentials."""
    if (named := named_project()) is not None:
        return named
    import google.auth

    _, project = google.auth.default()
    if not project:
        raise Misused("Which project? Say --project, or: gcloud config set project PROJECT")
    return str(project)


class Clients:
    """One client a service."""

    @cached_property
    def container(self) -> container_v1.ClusterManagerClient:
        """GKE."""
        from google.cloud import container_v1

        endpoint = os.environ.get(CONTAINER_ENDPOINT, "").rstrip("/")
        if endpoint.startswith("http://"):
            import grpc
            from google.cloud.container_v1.services.cluster_manager.transports import ClusterManagerGrpcTransport

            channel = grpc.insecure_channel(endpoint.removeprefix("http://"))
            return container_v1.ClusterManagerClient(transport=ClusterManagerGrpcTransport(channel=channel))
        options = {"api_endpoint": endpoint.removeprefix("https://")} if endpoint else None
        return container_v1.ClusterManagerClient(client_options=options)

    @cached_property
    def routers(self) -> compute_v1.RoutersClient:
        """Routers and their NATs."""
        from google.cloud import compute_v1

        return compute_v1.RoutersClient(**self._compute)

    @cached_property
    def disks(self) -> compute_v1.DisksClient:
        """Disks of zones, and the lists of all."""
        from google.cloud import compute_v1

        return compute_v1.DisksClient(**self._compute)

    @cached_property
    def region_disks(self) -> compute_v1.RegionDisksClient:
        """Disks of regions."""
        from google.cloud import compute_v1

        return compute_v1.RegionDisksClient(**self._compute)

    @cached_property
    def instance_groups(self) -> compute_v1.InstanceGroupManagersClient:
        """What holds the nodes of a pool."""
        from google.cloud import compute_v1

        return compute_v1.InstanceGroupManagersClient(**self._compute)

    @cached_property
    def forwarding_rules(self) -> compute_v1.ForwardingRulesClient:
        """What load balancers answer to."""
        from google.cloud import compute_v1

        return compute_v1.ForwardingRulesClient(**self._compute)

    @cached_property
    def firewalls(self) -> compute_v1.FirewallsClient:
        """Who is let in to which machines."""
        from google.cloud import compute_v1

        return compute_v1.FirewallsClient(**self._compute)

    @cached_property
    def zone_operations(self) -> compute_v1.ZoneOperationsClient:
        """What is under way in a zone."""
        from google.cloud import compute_v1

        return compute_v1.ZoneOperationsClient(**self._compute)

    @cached_property
    def region_operations(self) -> compute_v1.RegionOperationsClient:
        """What is under way in a region."""
        from google.cloud import compute_v1

        return compute_v1.RegionOperationsClient(**self._compute)

    @cached_property
    def call(self) -> dict[str, Any]:
        """How each request is made. Every request here may be made twice: the second finds what the first has done."""
        from google.api_core import exceptions, retry

        passing = retry.if_exception_type(
            exceptions.TooManyRequests,
            exceptions.InternalServerError,
            exceptions.BadGateway,
            exceptions.ServiceUnavailable,
            exceptions.GatewayTimeout,
        )
        broken = _broken_connections()
        again = retry.Retry(
            predicate=lambda error: passing(error) or isinstance(error, broken),
            initial=FIRST_PAUSE,
            maximum=LONGEST_PAUSE,
            timeout=PATIENCE,
        )
        return {"timeout": CALL_TIMEOUT, "retry": again}

    @cached_property
    def _compute(self) -> dict[str, Any]:
        """Where Compute Engine is, for each of its clients."""
        endpoint = os.environ.get(COMPUTE_ENDPOINT, "").rstrip("/")
        options: dict[str, Any] = {"client_options": {"api_endpoint": endpoint}} if endpoint else {}
        if endpoint.startswith("http://"):
            from google.auth.credentials import AnonymousCredentials

            options["credentials"] = AnonymousCredentials()  # type: ignore[no-untyped-call]
        return options


def _broken_connections() -> tuple[type[Exception], ...]:
    import requests

    return (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError, requests.exceptions.Timeout)
