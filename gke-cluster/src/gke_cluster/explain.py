"""What Google's libraries raise and its operations end in, with what mends it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from gke_cluster.cluster import Target
from gke_cluster.errors import ClusterError, NoAccess

_SERVICE = re.compile(r"\b([a-z]+\.googleapis\.com)\b")
_DISABLED = re.compile(r"SERVICE_DISABLED|has not been used in project|is disabled|API .*not enabled", re.IGNORECASE)
_QUOTA = re.compile(r"quota|RESOURCE_EXHAUSTED|rateLimitExceeded", re.IGNORECASE)
_STOCKOUT = re.compile(
    r"STOCKOUT|ZONE_RESOURCE_POOL_EXHAUSTED|does not have enough resources|GCE out of", re.IGNORECASE
)
_ROLES = (
    "roles/container.admin",
    "roles/compute.networkAdmin",
    "roles/compute.storageAdmin",
    "roles/iam.serviceAccountUser",
)


def failure(message: str, project: str, region: str | None = None) -> ClusterError:
    """A refusal in Google's words, with the command that mends it where one is known."""
    if _DISABLED.search(message):
        service = _SERVICE.search(message)
        name = service[1] if service else "container.googleapis.com compute.googleapis.com"
        return NoAccess(f"{message}\nTo switch the API on:\n  gcloud services enable {name} --project {project}")
    if _STOCKOUT.search(message):
        return ClusterError(
            f"{message}\nThe zone has no such machines at the moment. Try again later, another --zone, another machine "
            "type, or --no-spot."
        )
    if _QUOTA.search(message):
        scope = f"regions describe {region}" if region else "project-info describe"
        return NoAccess(
            f"{message}\nWhat the project may use, and how much it does:\n"
            f"  gcloud compute {scope} --project {project} --format 'yaml(quotas)'\n"
            f"More is asked for at https://console.cloud.google.com/iam-admin/quotas?project={project}; fewer or "
            "smaller nodes need less."
        )
    return ClusterError(message)


@contextmanager
def explained(project: str, target: Target | None = None) -> Iterator[None]:
    """Turns what the libraries raise into our errors."""
    from google.api_core import exceptions
    from google.auth.exceptions import DefaultCredentialsError, RefreshError, TransportError
    from requests.exceptions import RequestException

    region = target.region if target else None
    try:
        yield
    except (DefaultCredentialsError, RefreshError) as error:
        raise NoAccess(
            f"No usable Google credentials: {_first_line(error)}\nTo log in:\n  gcloud auth application-default login"
        ) from error
    except exceptions.RetryError as error:
        raise _unreachable(error.cause or error) from error
    except (exceptions.ServiceUnavailable, exceptions.DeadlineExceeded, TransportError, RequestException) as error:
        raise _unreachable(error) from error
    except exceptions.Forbidden as error:
        told = failure(_words(error), project, region)
        raise (_permission(_words(error), project) if type(told) is ClusterError else told) from error
    except exceptions.Unauthenticated as error:
        raise NoAccess(f"{_words(error)}\nTo log in:\n  gcloud auth application-default login") from error
    except exceptions.Conflict as error:
        raise ClusterError(
            f"{_words(error)}\nSomething changed since the plan was made. Run the same command again: it plans anew."
        ) from error
    except exceptions.GoogleAPIError as error:
        raise failure(_words(error), project, region) from error


def _permission(message: str, project: str) -> NoAccess:
    grants = "\n".join(
        f"  gcloud projects add-iam-policy-binding {project} --member user:YOU@EXAMPLE.COM --role {role}"
        for role in _ROLES
    )
    return NoAccess(f"{message}\nWhoever owns the project grants what is needed:\n{grants}")


def _unreachable(error: BaseException) -> ClusterError:
    return ClusterError(
        f"Google did not answer: {_first_line(error)}\nCheck the network and run the same command again: it goes on "
        "from what is there."
    )


def _words(error: Exception) -> str:
    """Google's message with its machine-readable reason, if it has one."""
    message = str(getattr(error, "message", "") or error)
    reason = getattr(error, "reason", None)
    return f"{message} ({reason})" if reason and str(reason) not in message else message


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
