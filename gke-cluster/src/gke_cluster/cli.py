"""The command line. Each command makes a plan and hands it to a session; Google's libraries are imported there."""

from __future__ import annotations

import functools
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gke_cluster import __version__, config, errors
from gke_cluster.asking import Question
from gke_cluster.cluster import Cluster, Target
from gke_cluster.errors import ClusterError
from gke_cluster.machines import BEST_FOR_ENGINE, SUGGESTED
from gke_cluster.prices import Prices

if TYPE_CHECKING:
    from gke_cluster.session import Choices, Session

TIMEOUT = 1800  # seconds; a cluster with two pools takes five to ten minutes
_Command = TypeVar("_Command", bound=Callable[..., Any])


class MachineType(click.ParamType[str]):
    """Any machine type; those that fit are suggested."""

    name = "type"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """For the shell."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(suggested) for suggested in SUGGESTED if suggested.startswith(incomplete)]


def _options(*options: Callable[[_Command], _Command]) -> Callable[[_Command], _Command]:
    def decorated(command: _Command) -> _Command:
        return functools.reduce(lambda inner, option: option(inner), reversed(options), command)

    return decorated


_file = click.Path(exists=True, dir_okay=False, path_type=Path)
about_project = _options(
    click.option("--project", help="Google project; else GOOGLE_CLOUD_PROJECT, or that of your credentials."),
    click.option("--prices", type=_file, help="YAML file with your own prices, over those of the embedded table."),
    click.option("-o", "--output", type=click.Choice(["table", "json", "yaml"]), default="table", show_default=True),
)
about_cluster = _options(
    click.option("--name", help=f"Cluster; else that of --config, or {Cluster().name}."),
    click.option("--zone", help=f"Zone; else that of --config, or {Cluster().zone}."),
    click.option("--config", "file", type=_file, help="YAML file, as `create --dry-run -o yaml` writes it."),
    about_project,
)
about_doing = _options(
    click.option("--dry-run", is_flag=True, help="Show the plan and change nothing."),
    click.option("-y", "--yes", is_flag=True, help="Do not ask."),
    click.option("--wait/--no-wait", default=True, help="Await the last operations too, and prove the result."),
    click.option(
        "--timeout", type=click.IntRange(min=1), default=TIMEOUT, show_default=True, help="Longest wait in seconds."
    ),
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
def cli() -> None:
    """Creates, scales and deletes the suite's cluster on Google Kubernetes Engine.

    Every command that changes something shows its plan and what that costs, asks, does exactly that, and looks at the
    result. It touches only what it made. Stopped at any moment, the same command goes on when it is run again.

    Exit codes: 0 done, 1 failed, 2 misused, 3 declined, 4 no such cluster, 5 still running after --timeout,
    6 credentials, API, permission or quota missing, 130 interrupted.
    """


@cli.command()
@about_cluster
@about_doing
@click.option("--spot/--no-spot", default=None, help="Spot machines: 60 to 91 % cheaper, and taken away at any time.")
@click.option("--default-machine-type", type=MachineType(), help="Of default-pool; else t2d-standard-2.")
@click.option(
    "--ml-machine-type",
    type=MachineType(),
    help=f"Of ml-pool; else n2d-highcpu-4. {BEST_FOR_ENGINE} likely gives the engine the most posts per dollar.",
)
@click.option("--network", help="VPC network; else default.")
@click.option("--subnetwork", help="Subnetwork; else the network's own in the region.")
@click.option("--control-plane-range", help="Addresses of the control plane, a /28; else 172.16.0.0/28.")
@click.option("--release-channel", type=click.Choice(["rapid", "regular", "stable"]), help="Else regular.")
@click.option("--service-account", help="Account of the nodes, with the least roles; else Compute Engine's default.")
def create(
    default_machine_type: str | None, ml_machine_type: str | None, spot: bool | None, dry_run: bool, **given: Any
) -> None:
    """Create the cluster, or what is missing of it.

    With --dry-run nothing is read either: the plan is that of a cluster of which nothing exists.
    """
    from gke_cluster.creation import create as planned
    from gke_cluster.found import Found

    names = ("name", "zone", "network", "subnetwork", "control_plane_range", "release_channel", "service_account")
    machine_types = {config.DEFAULT_POOL: default_machine_type, config.ML_POOL: ml_machine_type}
    cluster = config.cluster(given["file"], {name: given[name] for name in names}, machine_types, spot)
    prices = config.prices(given["prices"])
    if dry_run:
        from gke_cluster.clients import named_project
        from gke_cluster.showing import show

        named = given["project"] or named_project()
        target = Target(config.project(named) if named else "PROJECT", cluster.zone, cluster.name)
        show(planned(cluster, target, Found()), prices, given["output"], cluster)
        return
    session, target = _session(given, cluster, prices)
    session.carry_out(
        lambda found: planned(cluster, target, found),
        lambda plan: Question("Create this? [y/N]", "y"),
        _choices(given, dry_run=False),
        lambda left: f"Cluster {target.name} is there. `gke-cluster connect` lets kubectl reach it.",
        cluster,
    )


@cli.command()
@about_cluster
@about_doing
@click.option("--nodes", type=click.IntRange(0, 1000), required=True, help="Nodes of each pool.")
@click.option("--pool", help="Only this pool; else all.")
def scale(nodes: int, pool: str | None, dry_run: bool, **given: Any) -> None:
    """Set the number of nodes of one pool, or of each.

    Zero nodes cost only volumes and the NAT's address; autoscaling stays off until there is a node again.
    """
    from gke_cluster.scaling import scale as planned

    session, target = _session(given, _named(given), config.prices(given["prices"]))
    words = "All pods of these pools stop. Scale to zero? [y/N]" if nodes == 0 else "Scale? [y/N]"
    session.carry_out(
        lambda found: planned(target, found, nodes, pool),
        lambda plan: Question(words, "y"),
        _choices(given, dry_run=dry_run),
        lambda left: f"{pool or 'Each pool'} of {target.name} has {nodes} nodes.",
    )


@cli.command()
@about_cluster
@about_doing
@click.option("--keep-disks", is_flag=True, help="Leave the disks of the cluster's volumes, with their data.")
def delete(keep_disks: bool, dry_run: bool, **given: Any) -> None:
    """Delete the cluster, the disks of its volumes, its router and NAT, and nothing else."""
    from gke_cluster.deletion import delete as planned
    from gke_cluster.deletion import what_is_left

    session, target = _session(given, _named(given), config.prices(given["prices"]))
    session.carry_out(
        lambda found: planned(target, found, keep_disks=keep_disks),
        lambda plan: Question(f"This cannot be undone. Type {target.name} to delete all of it:", target.name),
        _choices(given, dry_run=dry_run),
        lambda left: what_is_left(left, keep_disks=keep_disks),
    )


@cli.command("list")
@about_project
def list_clusters(**given: Any) -> None:
    """List the project's clusters with their nodes and costs."""
    from gke_cluster.documents import cluster_document
    from gke_cluster.found import Found
    from gke_cluster.prices import actual
    from gke_cluster.showing import report
    from gke_cluster.tables import clusters_text

    prices = config.prices(given["prices"])
    session, target = _session(given, Cluster(), prices)
    bills = [(cluster, actual(Found(cluster=cluster), nat=cluster.private)) for cluster in session.clusters()]
    if not bills:
        print(f"Project {target.project} has no cluster.", file=sys.stderr)
    report(
        given["output"],
        lambda: clusters_text(bills, prices, datetime.now(UTC)) if bills else "",
        lambda: [cluster_document(cluster, bill, prices) for cluster, bill in bills],
    )


@cli.command()
@about_cluster
def status(**given: Any) -> None:
    """Show one cluster: nodes, pools, versions, endpoint, volumes, what is under way, costs."""
    from gke_cluster.documents import status_document
    from gke_cluster.plans import bill, there
    from gke_cluster.showing import report
    from gke_cluster.tables import status_text

    prices = config.prices(given["prices"])
    session, target = _session(given, _named(given), prices)
    found = session.read()
    cluster, paid = there(found, target), bill(found, target)
    report(
        given["output"],
        lambda: status_text(found, cluster, paid, prices, datetime.now(UTC)),
        lambda: status_document(found, cluster, paid, prices),
    )


@cli.command()
@about_cluster
def cost(**given: Any) -> None:
    """Estimate what the cluster costs a month, now and at zero nodes."""
    from gke_cluster.documents import costs_document
    from gke_cluster.plans import bill, there
    from gke_cluster.showing import report
    from gke_cluster.tables import bill_text

    prices = config.prices(given["prices"])
    session, target = _session(given, _named(given), prices)
    found = session.read()
    there(found, target)
    paid = bill(found, target)
    report(
        given["output"],
        lambda: bill_text(paid, prices),
        lambda: costs_document({"now": paid, "at_zero_nodes": paid.at_zero}, prices),
    )


@cli.command()
@about_cluster
@click.option(
    "--kubeconfig", type=click.Path(dir_okay=False, path_type=Path), help="Else KUBECONFIG, or ~/.kube/config."
)
def connect(kubeconfig: Path | None, **given: Any) -> None:
    """Let kubectl reach the cluster, by its name and with your Google credentials."""
    import shutil

    from gke_cluster import kubeconfig as files
    from gke_cluster.plans import there
    from gke_cluster.showing import report

    session, target = _session(given, _named(given), config.prices(given["prices"]))
    cluster = there(session.read(), target)
    if not cluster.endpoint:
        raise ClusterError(
            f"{target.name} has no endpoint by name (its status is {cluster.status}). If it is running:\n"
            f"  gcloud container clusters update {target.name} --zone {target.zone} --project {target.project} "
            "--enable-dns-access"
        )
    path = kubeconfig or files.default_path()
    context = files.connect(path, target, cluster.endpoint)
    report(
        given["output"],
        lambda: f"kubectl now speaks to {target.name}: context {context} in {path}.",
        lambda: {"context": context, "kubeconfig": str(path), "server": f"https://{cluster.endpoint}"},
    )
    if shutil.which(files.PLUGIN) is None:
        print(f"kubectl will need {files.PLUGIN}, which is not on PATH. {files.INSTALL_HINT}", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; every failure is a line or a few and an exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = cli.main(arguments, prog_name="gke-cluster", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else errors.DONE)
    except ClusterError as failed:
        from gke_cluster.tables import printable

        print(printable(str(failed)), file=sys.stderr)
        sys.exit(failed.code)
    except click.ClickException as misused:
        misused.show()
        sys.exit(misused.exit_code)
    except (click.Abort, KeyboardInterrupt):
        print("Interrupted.", file=sys.stderr)
        sys.exit(errors.INTERRUPTED)
    except OSError as failed:
        print(f"What there is to say could not be written: {failed.strerror}.", file=sys.stderr)
        sys.exit(errors.FAILED)


def _named(given: dict[str, Any]) -> Cluster:
    return config.cluster(given["file"], {"name": given["name"], "zone": given["zone"]}, {}, None)


def _session(given: dict[str, Any], cluster: Cluster, prices: Prices) -> tuple[Session, Target]:
    from gke_cluster.clients import default_project
    from gke_cluster.explain import explained
    from gke_cluster.session import Session

    project = given["project"]
    if not project:
        with explained("PROJECT"):
            project = default_project()
    target = Target(config.project(project), cluster.zone, cluster.name)
    return Session(target, prices), target


def _choices(given: dict[str, Any], *, dry_run: bool) -> Choices:
    from gke_cluster.session import Choices

    return Choices(dry_run, given["yes"], given["wait"], given["timeout"], given["output"])
