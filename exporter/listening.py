"""Where the server listens: addresses as Prometheus writes them become sockets."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence

BACKLOG = 512
FIRST_HANDED_OVER = 3
HIGHEST_PORT = 65535


class CantListen(Exception):
    """An address can't be had; the message says why, and which flag names another."""


def listen(addresses: Sequence[str]) -> list[socket.socket]:
    """One socket for each address: `:9100` (all of this host's), `127.0.0.1:9100`, `[::1]:9100`, `localhost:9100`."""
    opened: list[socket.socket] = []
    try:
        opened.extend(map(_listen, addresses))
    except CantListen:
        for sock in opened:
            sock.close()
        raise
    return opened


def handed_over() -> list[socket.socket]:
    """The sockets that systemd opened for this process; sd_listen_fds(3)."""
    count = os.environ.pop("LISTEN_FDS", "")
    owner = os.environ.pop("LISTEN_PID", "")
    if owner != str(os.getpid()) or not count.isdecimal() or not int(count):
        raise CantListen("--web.systemd-socket: systemd handed over no socket; start the .socket unit")
    sockets = [socket.socket(fileno=FIRST_HANDED_OVER + at) for at in range(int(count))]
    for sock in sockets:
        sock.set_inheritable(False)
    return sockets


def tell_systemd(state: str) -> None:
    """Tell systemd how this service is (`READY=1`), where it wants to know; sd_notify(3)."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.sendto(state.encode(), path.replace("@", "\0", 1) if path.startswith("@") else path)


def _listen(address: str) -> socket.socket:
    name, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > HIGHEST_PORT:
        raise CantListen(f"--web.listen-address={address} is no address: it takes HOST:PORT, such as 127.0.0.1:9100")
    try:
        if not name:
            return _everywhere(int(port))
        family, _, _, _, where = socket.getaddrinfo(name.strip("[]"), int(port), type=socket.SOCK_STREAM)[0]
        return socket.create_server(where, family=family, backlog=BACKLOG)
    except OSError as error:
        # Python adds the address to a system's message; what a name server says has no system's number.
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else str(error.strerror)
        raise CantListen(f"can't listen on {address}: {reason}; --web.listen-address takes another") from error


def _everywhere(port: int) -> socket.socket:
    """Both IPv4 and IPv6 on one socket, where the host has IPv6."""
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, backlog=BACKLOG, dualstack_ipv6=True)
    return socket.create_server(("", port), backlog=BACKLOG)
