"""The socket of a service: resolved, bound and listening, or the problem that prevents it."""

from __future__ import annotations

import errno
import ipaddress
import socket
import sys
from typing import Final

from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.workers.service.settings import ServiceSettings

_BACKLOG: Final = 512
_PRIVILEGED: Final = 1024


def listen(settings: ServiceSettings) -> socket.socket:
    """A listening socket. Raises ProblemError for an unknown host, a port in use or not allowed, and an address that others
    can reach without a token."""
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as err:
        raise ProblemError(_unknown_host(settings.host)) from err
    family, kind, protocol, _name, address = found[0]
    if not is_loopback(str(address[0])) and not settings.token:
        raise ProblemError(_needs_token(settings.host))
    listener = socket.socket(family, kind, protocol)
    try:
        if sys.platform == "win32":
            # There another program could take the port away.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as os_error:
        listener.close()
        raise ProblemError(_listen_problem(os_error, settings)) from os_error
    return listener


def is_loopback(address: str) -> bool:
    """Whether only programs of this computer reach an IP address."""
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def url_of(listener: socket.socket, host: str) -> str:
    """The address to open in a browser."""
    address, port = listener.getsockname()[:2]
    if ipaddress.ip_address(address.partition("%")[0]).is_unspecified:
        # All addresses of this computer: its name is one that others can use.
        host = socket.gethostname()
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _unknown_host(host: str) -> Problem:
    text = Text("There is no host {host} that this computer could listen on. Use 127.0.0.1 for this computer alone, or 0.0.0.0 "
                "for all its addresses.",
                "No existe ningún equipo {host} en el que este equipo pueda escuchar. Use 127.0.0.1 solo para este equipo o "
                "0.0.0.0 para todas sus direcciones.")
    return error("bad_host", text.fill(host=host), "machine", field="host")


def _needs_token(host: str) -> Problem:
    text = Text("Other computers can reach {host}, so the service needs a token there: without one, everybody in the network "
                "could use your model. Write one with: --token-file FILE --new-token; clients send it as Authorization: "
                "Bearer. For this computer alone leave out --host.",
                "Otros equipos pueden llegar a {host}, así que ahí el servicio necesita un token: sin él, cualquiera de la red "
                "podría usar su modelo. Escriba uno con: --token-file ARCHIVO --new-token; los clientes lo envían como "
                "Authorization: Bearer. Para este equipo solo, omita --host.")
    return error("token_needed", text.fill(host=host), "machine", field="token_file")


def _listen_problem(os_error: OSError, settings: ServiceSettings) -> Problem:
    if os_error.errno == errno.EADDRINUSE:
        text = Text("Port {port} of {host} is in use by another program. Choose another one with --port, or --port 0 for any "
                    "free one.",
                    "Otro programa usa el puerto {port} de {host}. Elija otro con --port, o --port 0 para uno cualquiera que "
                    "esté libre.")
        code = "port_in_use"
    elif os_error.errno in (errno.EACCES, errno.EPERM) and 0 < settings.port < _PRIVILEGED:
        text = Text("Port {port} is reserved for the administrator of this computer. Choose one from 1024 on with --port.",
                    "El puerto {port} está reservado para el administrador de este equipo. Elija uno a partir de 1024 con "
                    "--port.")
        code = "privileged_port"
    elif os_error.errno == errno.EADDRNOTAVAIL:
        return _unknown_host(settings.host)
    else:
        text = Text("The service cannot listen on port {port} of {host}: {reason}.",
                    "El servicio no puede escuchar en el puerto {port} de {host}: {reason}.")
        code = "cannot_listen"
    return error(code, text.fill(port=settings.port, host=settings.host, reason=reason_of(os_error)), "machine", field="port")
