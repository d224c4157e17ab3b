"""What can go wrong, each with its exit code. Pure."""

from __future__ import annotations

DONE = 0  # also: nothing was left to do
FAILED = 1  # Google refused or an operation failed
MISUSED = 2  # options, a configuration file, or a question without a terminal
DECLINED = 3  # the question was answered with no
NOT_FOUND = 4  # no such cluster
STILL_RUNNING = 5  # --timeout is over, Google goes on
NO_ACCESS = 6  # credentials, an API that is off, permissions, quota: mended in the project, not here
INTERRUPTED = 130  # Ctrl-C or SIGTERM, as a shell has it


class ClusterError(Exception):
    """A failure in words for the user."""

    code = FAILED


class Misused(ClusterError):
    """Mended on the command line or in a file of the user's."""

    code = MISUSED


class Declined(ClusterError):
    """The user does not want it."""

    code = DECLINED


class NotFound(ClusterError):
    """There is no such cluster."""

    code = NOT_FOUND


class StillRunning(ClusterError):
    """Waited long enough."""

    code = STILL_RUNNING


class NoAccess(ClusterError):
    """Mended in the Google project."""

    code = NO_ACCESS


class Interrupted(ClusterError):
    """The user stopped us, not Google."""

    code = INTERRUPTED
