"""Whether a run can be trained by several hosts together."""

from __future__ import annotations

from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.core.clusters import Cluster
from cnnstudio.core.network import BASE
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.workers.runs.folder import RunFolder


def check_run(run: RunFolder, cluster: Cluster) -> None:
    """Raises ProblemError with everything that stands against it."""
    project = run.spec()
    training, found = project.training, []
    devices = cluster.ranks * max(1, cluster.gpus)
    if training.batch_size % devices:
        found.append(_uneven(training.batch_size, devices))
    if training.oversampling and cluster.ranks > 1:
        text = Text("Oversampling draws from all pictures, and each host has a part of them. Use class weights instead "
                    "(training.class_weight=balanced), or one host.",
                    "El sobremuestreo sortea entre todas las imágenes, y cada nodo tiene una parte. Use pesos de clase "
                    "(training.class_weight=balanced) o un solo nodo.")
        found.append(error("cluster_oversampling", text, "training", field="oversampling"))
    for node in project.network.nodes:
        if node.type == BASE and (values := values_of(node, LAYERS[BASE])).get("weights") == "file":
            text = Text("The base {node} takes its weights from a file of this computer ({path}), which the hosts do not have.",
                        "La base {node} toma sus pesos de un archivo de este equipo ({path}), que los nodos no tienen.")
            found.append(error("cluster_weights_file", text.fill(node=node.id, path=values["weights_file"]), "network",
                               node=node.id))
    if found:
        raise ProblemError(*found)


def _uneven(batch_size: int, devices: int) -> Problem:
    text = Text("A batch of {n} pictures cannot be shared equally among {devices} devices (hosts × graphics cards). Choose a "
                "multiple of {devices} (training.batch_size={next}).",
                "Un lote de {n} imágenes no se puede repartir por igual entre {devices} dispositivos (nodos × tarjetas "
                "gráficas). Elija un múltiplo de {devices} (training.batch_size={next}).")
    return error("cluster_uneven", text.fill(n=batch_size, devices=devices, next=-(-batch_size // devices) * devices),
                 "training", field="batch_size")
