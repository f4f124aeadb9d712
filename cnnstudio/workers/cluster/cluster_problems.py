"""What can go wrong with a cluster, in words."""

from __future__ import annotations

from cnnstudio.core.clusters import is_loopback
from cnnstudio.core.problems import Problem, error, warning
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text


def unreachable(address: str, reason: BaseException | Text) -> Problem:
    text = Text("The cluster at {address} does not answer: {reason}. Check the address and the network, and that Ray is "
                "running there.",
                "El clúster de {address} no responde: {reason}. Revise la dirección y la red, y que Ray esté en marcha allí.")
    reason = reason if isinstance(reason, Text) else reason_of(reason)
    return error("cluster_unreachable", text.fill(address=address, reason=reason), "machine", field="address")


def token_missing(address: str) -> Problem:
    text = Text("{address} is another computer, and no token was given for it. Without one, Ray runs anybody's code: whoever "
                "reaches the address could take over its machines, and your data there. Start Ray with RAY_AUTH_MODE=token "
                "and add the cluster with its token.",
                "{address} es otro equipo y no se indicó ningún token. Sin él, Ray ejecuta código de cualquiera: quien llegue "
                "a la dirección podría adueñarse de sus máquinas y de los datos que tenga allí. Inicie Ray con "
                "RAY_AUTH_MODE=token y añada el clúster con su token.")
    return error("cluster_no_token", text.fill(address=address), "machine", field="token")


def plain_http(address: str) -> Problem | None:
    """What the user should know of an address whose token can be listened to; None for one where it cannot."""
    if address.startswith("https:") or is_loopback(address):
        return None
    text = Text("The token goes to {address} unencrypted: whoever can listen on the way can use it. Within a network that you "
                "trust this may do; else use an SSH tunnel or an https address.",
                "El token va a {address} sin cifrar: quien pueda escuchar por el camino puede usarlo. En una red de confianza "
                "puede bastar; si no, use un túnel SSH o una dirección https.")
    return warning("plain_http", text.fill(address=address), "machine", field="address")


def token_wanted(address: str) -> Problem:
    text = Text("The cluster at {address} wants a token, and none is kept for it. Add the cluster again with its token.",
                "El clúster de {address} pide un token y no hay ninguno guardado. Añada el clúster de nuevo con su token.")
    return error("cluster_token", text.fill(address=address), "machine", field="token")


def token_wrong(address: str) -> Problem:
    text = Text("The cluster at {address} does not accept the token. On its head, `ray get-auth-token` shows the right one.",
                "El clúster de {address} no acepta el token. En su nodo principal, `ray get-auth-token` muestra el correcto.")
    return error("cluster_token", text.fill(address=address), "machine", field="token")


def not_ray(address: str, sample: str) -> Problem:
    text = Text("{address} answers, but not as Ray's Jobs API does. Its port is 8265 unless it was changed.",
                "{address} responde, pero no como la API de trabajos de Ray. Su puerto es el 8265 si no se cambió.")
    return error("cluster_not_ray", text.fill(address=address), "machine", field="address", details=sample[:2000])


def refused(address: str, status: int, answer: str) -> Problem:
    last = next((line.strip() for line in reversed(answer.strip().splitlines()) if line.strip()), "")
    text = Text("The cluster at {address} could not do that (HTTP {status}): {reason}",
                "El clúster de {address} no pudo hacerlo (HTTP {status}): {reason}")
    return error("cluster_refused", text.fill(address=address, status=status, reason=last[:300] or "-"), "machine",
                 details=answer[:20_000])


def no_job(address: str, job: str) -> Problem:
    text = Text("The cluster at {address} no longer knows the job {job}: it was deleted there, or the cluster was started "
                "again. What had come back until then is in the run.",
                "El clúster de {address} ya no conoce el trabajo {job}: se borró allí o el clúster se inició de nuevo. Lo que "
                "había llegado hasta entonces está en el entrenamiento.")
    return error("cluster_no_job", text.fill(address=address, job=job), "run")


def storage_problem(url: str, reason: BaseException | Text) -> Problem:
    """The shared storage cannot be used. A full disk has a text of its own."""
    import errno

    if isinstance(reason, OSError) and reason.errno in (errno.ENOSPC, errno.EDQUOT):
        text = Text("The shared storage {url} is full. Free some space there and start again: what was sent already is not "
                    "sent twice.",
                    "El almacenamiento compartido {url} está lleno. Libere espacio allí y empiece de nuevo: lo que ya se "
                    "envió no se envía otra vez.")
        return error("storage_full", text.fill(url=url), "machine", field="storage")
    text = Text("The shared storage {url} cannot be used: {reason}. Check the folder or the address, and the permissions.",
                "No se puede usar el almacenamiento compartido {url}: {reason}. Revise la carpeta o la dirección y los "
                "permisos.")
    reason = reason if isinstance(reason, Text) else reason_of(reason)
    return error("storage_unusable", text.fill(url=url, reason=reason), "machine", field="storage")


def shard_missing(name: str) -> Problem:
    text = Text("A part of the pictures is not in the shared storage ({name}). Start the training again: what is missing is "
                "sent anew.",
                "Falta una parte de las imágenes en el almacenamiento compartido ({name}). Empiece el entrenamiento de nuevo: "
                "lo que falta se vuelve a enviar.")
    return error("shard_missing", text.fill(name=name), "dataset")


def shard_damaged(name: str) -> Problem:
    text = Text("A part of the pictures in the shared storage is damaged ({name}): its content does not have the checksum that "
                "it was sent with. Delete that file and start the training again: it is sent anew.",
                "Una parte de las imágenes del almacenamiento compartido está dañada ({name}): su contenido no tiene la suma "
                "de comprobación con la que se envió. Borre ese archivo y empiece el entrenamiento de nuevo: se vuelve a "
                "enviar.")
    return error("shard_damaged", text.fill(name=name), "dataset")


def version_differs(what: str, here: str, there: str) -> Problem:
    text = Text("{what} is {there} on the cluster and {here} here. A model would not be the same, or not load: install "
                "{what} {here} there.",
                "{what} es {there} en el clúster y {here} aquí. El modelo no sería igual o no se podría cargar: instale allí "
                "{what} {here}.")
    return error("cluster_version", text.fill(what=what, here=here, there=there), "machine")


def version_too_old(what: str, there: str, least: str) -> Problem:
    text = Text("{what} is {there} on the cluster; at least {least} is needed.",
                "{what} es {there} en el clúster; se necesita al menos {least}.")
    return error("cluster_version", text.fill(what=what, there=there, least=least), "machine")


def library_missing(names: str) -> Problem:
    text = Text("The cluster's Python lacks: {names}. Install the program there with them: pip install "
                "\"WHEEL-OF-CNN-STUDIO[cluster]\"",
                "Al Python del clúster le falta: {names}. Instale allí el programa con ello: pip install "
                "\"WHEEL-DE-CNN-STUDIO[cluster]\"")
    return error("cluster_library", text.fill(names=names), "machine")


def job_failed(message: str, log: str) -> Problem:
    last = next((line.strip() for line in reversed(message.strip().splitlines()) if line.strip()), "")
    text = Text("The job on the cluster ended without a result: {reason}. What had come back until then is kept; the run can "
                "be continued.",
                "El trabajo del clúster terminó sin resultado: {reason}. Lo que había llegado hasta entonces se conserva; el "
                "entrenamiento se puede continuar.")
    return error("cluster_job_failed", text.fill(reason=last[:300].rstrip(".") or "-"), "run",
                 details=f"{message}\n\n{log[-8000:]}".strip())
