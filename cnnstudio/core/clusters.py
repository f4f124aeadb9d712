"""The clusters that the user has added: a file in the configuration folder. Tokens are kept elsewhere
(`workers.cluster.tokens`)."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.foreign_files import SMALL, read_json
from cnnstudio.core.places import config_folder
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text

PORT: Final = 8265
"""Where Ray listens for jobs unless told otherwise."""
MOST_RANKS: Final = 1024
_NAME: Final = re.compile(r"[\w][\w.\-]{0,62}")


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster, or a single machine with Ray on it.

    `address` is "http://host:8265". `storage` is the shared storage as this computer sees it: a folder, or an address of
    fsspec such as "s3://bucket/folder"; `host_storage` as the hosts see it ("": under the same name). A training takes
    `ranks` hosts, with so many `cpus` and `gpus` on each.
    """

    name: str
    address: str
    storage: str
    host_storage: str = ""
    ranks: int = 1
    cpus: int = 1
    gpus: int = 0

    @property
    def storage_of_hosts(self) -> str:
        return self.host_storage or self.storage


class _File(msgspec.Struct, frozen=True, kw_only=True):
    clusters: tuple[Cluster, ...] = ()


def clusters_path() -> Path:
    return config_folder() / "clusters.json"


def read_clusters() -> tuple[Cluster, ...]:
    """All clusters by name; none where nothing is kept. Raises ProblemError where the file is damaged."""
    path = clusters_path()
    return read_json(path, _File, SMALL).clusters if path.exists() else ()


def find_cluster(name: str) -> Cluster:
    """The cluster of that name. Raises ProblemError (no_cluster)."""
    clusters = read_clusters()
    found = next((cluster for cluster in clusters if cluster.name == name), None)
    if found is not None:
        return found
    known = ", ".join(cluster.name for cluster in clusters) or "-"
    text = Text("There is no cluster called {name}. Known: {known}. To add it: cnnstudio cluster add {name} ADDRESS "
                "--storage FOLDER",
                "No hay ningún clúster llamado {name}. Conocidos: {known}. Para añadirlo: cnnstudio cluster add {name} "
                "DIRECCIÓN --storage CARPETA")
    raise ProblemError(error("no_cluster", text.fill(name=name, known=known), "machine", field="cluster"))


def keep_cluster(cluster: Cluster) -> Cluster:
    """Add a cluster, or replace the one of that name; returns it as kept. Raises ProblemError (bad_cluster...)."""
    cluster = checked_cluster(cluster)
    others = [other for other in read_clusters() if other.name != cluster.name]
    _write((*others, cluster))
    return cluster


def remove_cluster(name: str) -> None:
    """Forget a cluster; raises ProblemError (no_cluster)."""
    find_cluster(name)
    _write(tuple(other for other in read_clusters() if other.name != name))


def _write(clusters: tuple[Cluster, ...]) -> None:
    ordered = tuple(sorted(clusters, key=lambda cluster: cluster.name))
    write_atomically(clusters_path(), msgspec.json.format(msgspec.json.encode(_File(clusters=ordered)), indent=2) + b"\n")


def checked_cluster(cluster: Cluster) -> Cluster:
    """The cluster with a complete address and storage. Raises ProblemError (bad_cluster) with everything that is wrong."""
    problems = []
    if not _NAME.fullmatch(cluster.name):
        text = Text("A cluster's name has letters, digits and -_. only, not {name}.",
                    "El nombre de un clúster solo tiene letras, cifras y -_., no {name}.")
        problems.append(error("bad_cluster", text.fill(name=cluster.name or '""'), "machine", field="name"))
    address = complete_address(cluster.address)
    if not address:
        text = Text("{address} is not the address of a cluster. Write it like lab.example.org:8265 or http://10.0.0.5:8265.",
                    "{address} no es la dirección de un clúster. Escríbala así: lab.example.org:8265 o http://10.0.0.5:8265.")
        problems.append(error("bad_cluster", text.fill(address=cluster.address or '""'), "machine", field="address"))
    if not cluster.storage.strip():
        text = Text("A cluster needs shared storage: a folder that this computer and the hosts see, or s3://BUCKET/FOLDER.",
                    "Un clúster necesita un almacenamiento compartido: una carpeta que vean este equipo y los nodos, o "
                    "s3://BUCKET/CARPETA.")
        problems.append(error("bad_cluster", text, "machine", field="storage"))
    for name, value, least, most in (("ranks", cluster.ranks, 1, MOST_RANKS), ("cpus", cluster.cpus, 1, 4096),
                                     ("gpus", cluster.gpus, 0, 64)):
        if not least <= value <= most:
            text = Text("{name} must be from {least} to {most}, not {value}.",
                        "{name} debe estar entre {least} y {most}, no {value}.")
            problems.append(error("bad_cluster", text.fill(name=name, least=least, most=most, value=value), "machine",
                                  field=name))
    if problems:
        raise ProblemError(*problems)
    storage = cluster.storage.strip()
    if "://" not in storage:
        storage = str(Path(storage).expanduser().absolute())
    return msgspec.structs.replace(cluster, address=address, storage=storage)


def complete_address(text: str) -> str:
    """The address with scheme and port, without a path; "" where it is none."""
    text = text.strip().rstrip("/")
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host or parts.username is not None or re.search(r"\s", text):
        return ""
    if parts.path or parts.query or parts.fragment:
        return ""
    default = PORT if parts.scheme == "http" else 443
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port or default}"


def is_loopback(address: str) -> bool:
    """Whether an address is of this very computer."""
    host = urlsplit(address).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
