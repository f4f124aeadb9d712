"""What the window says of a cluster."""

from __future__ import annotations

from cnnstudio.core.text import tr
from cnnstudio.gui.state.training_places import TrainingPlaces
from cnnstudio.gui.widgets.formatting import format_count
from cnnstudio.workers.cluster.checking import ClusterReport

_VERSIONS = (("keras", "Keras"), ("jax", "JAX"), ("cnnstudio", "CNN Studio"))


def cluster_status(places: TrainingPlaces, name: str) -> tuple[str, str]:
    """(text, tone of the label)."""
    if places.is_asked(name):
        return tr("Asking the cluster…", "Consultando el clúster…"), "dim"
    report = places.report(name)
    if report is None:
        return tr("Not checked yet", "Sin comprobar todavía"), "dim"
    if report.problems:
        return "\n".join(str(problem.text) for problem in report.problems[:3]), "error"
    return f"{_ready(report)}\n{_versions(report)}", "dim"


def _ready(report: ClusterReport) -> str:
    hosts = len(report.hosts)
    cpus, gpus = sum(host.cpus for host in report.hosts), sum(host.gpus for host in report.hosts)
    parts = [tr("Ready", "Listo"),
             tr("1 host", "1 nodo") if hosts == 1 else tr("{n} hosts", "{n} nodos", n=format_count(hosts)),
             tr("{n} processors", "{n} procesadores", n=format_count(int(cpus)))]
    if gpus:
        parts.append(tr("{n} GPUs", "{n} GPU", n=format_count(int(gpus))))
    return " · ".join(parts)


def _versions(report: ClusterReport) -> str:
    known = [f"Ray {report.ray}"]
    known += [f"{label} {report.versions[name]}" for name, label in _VERSIONS if report.versions.get(name)]
    return " · ".join(known)
