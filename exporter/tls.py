"""TLS for the server's loop: a context from settings, and sockets that never wait."""

from __future__ import annotations

import os
import ssl
import tempfile
from contextlib import suppress
from pathlib import Path
from socket import socket

from exporter.flags import SettingsError
from exporter.web_config import CIPHERS, CURVES, Tls

VERSIONS = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}
CLIENT_AUTH = {"VerifyClientCertIfGiven": ssl.CERT_OPTIONAL, "RequireAndVerifyClientCert": ssl.CERT_REQUIRED}


def context(tls: Tls) -> ssl.SSLContext:
    """What these settings ask for; SettingsError when the certificates can't be used."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        made.minimum_version, made.maximum_version = VERSIONS[tls.min_version], VERSIONS[tls.max_version]
        _load(made, tls)
        if tls.cipher_suites:
            made.set_ciphers(":".join(CIPHERS[name] for name in tls.cipher_suites))
        if tls.curve_preferences:
            # OpenSSL's binding takes one curve; the one most preferred stands for all.
            made.set_ecdh_curve(CURVES[tls.curve_preferences[0]])
    except (OSError, ValueError) as error:
        files = ", ".join(tls.files) or "inline certificates"
        raise SettingsError([f"tls_server_config: {error} ({files})"]) from error
    if not tls.prefer_server_cipher_suites:
        made.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    made.verify_mode = CLIENT_AUTH.get(tls.client_auth_type, ssl.CERT_NONE)
    return made


def _load(made: ssl.SSLContext, tls: Tls) -> None:
    if tls.client_ca or tls.client_ca_file:
        made.load_verify_locations(cafile=tls.client_ca_file or None, cadata=tls.client_ca or None)
    with tempfile.TemporaryDirectory() as folder:
        # OpenSSL's binding loads a key from files only; the folder is its owner's alone, and gone at once.
        made.load_cert_chain(
            tls.cert_file or _written(folder, "cert", tls.cert), tls.key_file or _written(folder, "key", tls.key)
        )


def _written(folder: str, name: str, content: str) -> str:
    path = Path(folder) / name
    path.touch(mode=0o600)
    path.write_text(content, encoding="ascii")
    return os.fspath(path)


class TlsSocket:
    """A TLS connection that looks like a plain non-blocking socket: BlockingIOError when it has to wait."""

    def __init__(self, plain: socket, made: ssl.SSLContext, allowed: frozenset[str]) -> None:
        self._sock = made.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        self._allowed = allowed
        self._looked = False

    def fileno(self) -> int:
        return self._sock.fileno()

    def close(self) -> None:
        self._sock.close()

    def recv(self, size: int) -> bytes:
        """What has come, the handshake first; what OpenSSL holds already is taken along: nobody would tell of it."""
        try:
            piece = self._sock.recv(size)
            while self._sock.pending():
                piece += self._sock.recv(size)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
            raise BlockingIOError from error
        self._look()
        return piece

    def send(self, data: memoryview) -> int:
        """As much as the socket takes; OpenSSL takes it in pieces."""
        sent = 0
        with suppress(ssl.SSLWantWriteError, ssl.SSLWantReadError):
            while sent < len(data):
                sent += self._sock.send(data[sent:])
        if not sent:
            raise BlockingIOError
        return sent

    def shutdown(self, _how: int) -> None:
        """Say goodbye; the other side's goodbye is not waited for."""
        with suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
            self._sock.unwrap()

    def _look(self) -> None:
        """A client's certificate has to carry one of the allowed names, where there are any."""
        if self._looked or not self._allowed:
            return
        self._looked = True
        certificate = self._sock.getpeercert() or {}
        names = {str(name[1]) for name in certificate.get("subjectAltName", ())}
        if certificate and not names & self._allowed:
            raise ConnectionAbortedError(f"none of {sorted(names)} is in client_allowed_sans")
