"""The arguments of `serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cnnstudio.cli.run_arguments import Command
from cnnstudio.cli.shared_arguments import add_run
from cnnstudio.core.text import Text, format_number, tr
from cnnstudio.workers.service.settings import ServiceSettings

_LIMITS: Final = {
    "max_bytes": Text("the most bytes of a request (default: {n})", "los bytes que como máximo tiene una solicitud "
                                                                    "(predeterminado: {n})"),
    "max_pixels": Text("the most pixels of a picture (default: {n})", "los píxeles que como máximo tiene una imagen "
                                                                      "(predeterminado: {n})"),
    "max_files": Text("the most pictures in a request (default: {n})", "las imágenes que como máximo tiene una solicitud "
                                                                       "(predeterminado: {n})"),
    "max_waiting": Text("how many pictures may wait for an answer; more are refused (default: {n})",
                        "cuántas imágenes pueden esperar respuesta; las demás se rechazan (predeterminado: {n})"),
    "max_batch": Text("how many waiting pictures are computed together, 0: what is best for the engine (default: {n})",
                      "cuántas imágenes en espera se calculan juntas, 0: lo mejor para el motor (predeterminado: {n})"),
    "upload_seconds": Text("how many seconds a request may take to arrive (default: {n})",
                           "cuántos segundos puede tardar en llegar una solicitud (predeterminado: {n})"),
}


def add_serve(command: Command) -> None:
    serve = command("serve", tr("answer pictures over HTTP with a trained model, on this computer or, with a token, in the "
                                "network",
                                "responde por HTTP a imágenes con un modelo entrenado, en este equipo o, con un token, en la "
                                "red"), project=False)
    serve.add_argument("model", type=Path, metavar=tr("PROJECT-or-MODEL", "PROYECTO-o-MODELO"),
                       help=tr("a project, a run, an exported bundle or a model file",
                               "un proyecto, un entrenamiento, un paquete exportado o un archivo de modelo"))
    add_run(serve)
    defaults = ServiceSettings()
    serve.add_argument("--host", default=defaults.host, metavar=tr("ADDRESS", "DIRECCIÓN"),
                       help=tr("where to listen (default: {host}, this computer alone); 0.0.0.0 is every address of this "
                               "computer",
                               "dónde escucha (predeterminado: {host}, solo este equipo); 0.0.0.0 es cualquier dirección de "
                               "este equipo", host=defaults.host))
    serve.add_argument("--port", type=int, default=defaults.port, metavar="N",
                       help=tr("the port (default: {port}); 0: any free one", "el puerto (predeterminado: {port}); 0: uno "
                                                                              "cualquiera libre", port=defaults.port))
    serve.add_argument("--token-file", type=Path, metavar=tr("FILE", "ARCHIVO"),
                       help=tr("a file with the token that every request must bring; needed where other computers reach the "
                               "service",
                               "un archivo con el token que debe traer cada solicitud; necesario si otros equipos llegan al "
                               "servicio"))
    serve.add_argument("--new-token", action="store_true",
                       help=tr("write a new token into that file first", "antes escribe un token nuevo en ese archivo"))
    serve.add_argument("--allow-origin", action="append", default=[], metavar=tr("ORIGIN", "ORIGEN"),
                       help=tr("let the pages of this site use the service, such as https://example.org; may be repeated",
                               "permite que las páginas de este sitio usen el servicio, como https://example.org; se puede "
                               "repetir"))
    for name, text in _LIMITS.items():
        default = getattr(defaults, name)
        serve.add_argument(f"--{name.replace('_', '-')}", type=int, default=default, metavar="N",
                           help=str(text.fill(n=format_number(default, ","))))
