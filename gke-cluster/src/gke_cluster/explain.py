"""What Google's libraries raise and its operations end in, with what mends it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from gke_cluster.cluster import Target
from gke_cluster.errors import ClusterError, NoAccess

_SERVICE = re.compile(r"\b([a-z]+\.googleapis\.com)\b")
_DISABLED = re.compile(r"SERVICE_DISABLED|has not been used in project|is disabled|API .*not enabled", re.IGNORECASE)
_UNPAID = re.compile(
    r"BILLING_DISABLED|requires billing to be enabled|billing account .* is (disabled|closed)", re.IGNORECASE
)
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
    if _UNPAID.search(message):
        return NoAccess(
            f"{message}\nTo let a billing account pay for the project:\n"
            f"  gcloud billing projects link {project} --billing-account ACCOUNT_ID"
        )
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
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError
    from requests.exceptions import RequestException

    try:
        yield
    except (GoogleAPIError, GoogleAuthError, RequestException) as error:
        raise _explanation(error, project, target.region if target else None) from error


def _explanation(error: BaseException, project: str, region: str | None) -> ClusterError:
    from google.api_core import exceptions
    from google.auth.exceptions import GoogleAuthError, TransportError
    from requests.exceptions import RequestException

    match error:
        case exceptions.RetryError(cause=BaseException() as cause):  # what was met each time
            return _explanation(cause, project, region)
        case exceptions.RetryError() | exceptions.ServerError() | TransportError() | RequestException():
            return ClusterError(
                f"Google did not answer: {_first_line(error)}\nCheck the network and run the same command again: it "
                "goes on from what is there."
            )
        case exceptions.Unauthorized() | GoogleAuthError():
            return NoAccess(
                f"No usable Google credentials: {_first_line(error)}\nTo log in:\n"
                "  gcloud auth application-default login"
            )
        case exceptions.Forbidden():
            told = failure(_words(error), project, region)
            return _permission(_words(error), project) if type(told) is ClusterError else told
        case exceptions.Conflict():
            return ClusterError(
                f"{_words(error)}\nSomething changed since the plan was made. Run the same command again: it plans "
                "anew."
            )
    return failure(_words(error), project, region)


def _permission(message: str, project: str) -> NoAccess:
    grants = "\n".join(
        f"  gcloud projects add-iam-policy-binding {project} --member user:YOU@EXAMPLE.COM --role {role}"
        for role in _ROLES
    )
    return NoAccess(f"{message}\nWhoever owns the project grants what is needed:\n{grants}")


def _words(error: BaseException) -> str:
    """Google's message with its machine-readable reason, if it has one."""
    message = str(getattr(error, "message", "") or error)
    reason = getattr(error, "reason", None)
    return f"{message} ({reason})" if reason and str(reason) not in message else message


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
