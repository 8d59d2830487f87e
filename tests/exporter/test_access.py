"""TLS, users and the rest of exporter-toolkit's web configuration, on the real server."""

from __future__ import annotations

import base64
import ssl
import subprocess
import time
from collections.abc import Callable
from http.client import HTTPSConnection
from pathlib import Path

import bcrypt
import pytest

from exporter.access import Access
from exporter.flags import SettingsError
from tests.exporter.serving import Big, Served, Steady, serving

HASH = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
LONG_HASH = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()
DEMAND = "client_auth_type: RequireAndVerifyClientCert"
KEY = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost, another one, and one for a client: each signed by itself."""
    folder = tmp_path_factory.mktemp("certificates")
    for name, alternative in (
        ("server", "DNS:localhost"),
        ("other", "DNS:localhost"),
        ("client", "DNS:prometheus.example"),
    ):
        subprocess.run(
            ["openssl", *KEY, "-subj", f"/CN={name}", "-addext", f"subjectAltName={alternative}",
             "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt"],
            check=True, capture_output=True,
        )  # fmt: skip
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "web.yml"


Get = Callable[..., tuple[int, bytes]]


@pytest.fixture
def https(certificates: Path) -> Callable[..., tuple[int, bytes]]:
    """A GET over TLS that trusts the server's certificate."""

    def get(
        served: Served, *, server: str = "server", client: str = "", version: ssl.TLSVersion | None = None
    ) -> tuple[int, bytes]:
        trust = ssl.create_default_context(cafile=str(certificates / f"{server}.crt"))
        if client:
            trust.load_cert_chain(certificates / f"{client}.crt", certificates / f"{client}.key")
        if version:
            trust.maximum_version = version
        connection = HTTPSConnection("localhost", served.port, context=trust, timeout=60)
        try:
            connection.request("GET", "/metrics")
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    return get


def tls(certificates: Path, *more: str) -> str:
    """A file that asks for TLS with the server's certificate, and for more."""
    own = f"cert_file: {certificates}/server.crt, key_file: {certificates}/server.key"
    return f"tls_server_config: {{{', '.join((own, *more))}}}"


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def problems(file: Path, content: str) -> list[str]:
    file.write_text(content)
    with pytest.raises(SettingsError) as caught:
        Access(str(file))
    return [problem.replace(f"--web.config.file={file}: ", "") for problem in caught.value.problems]


def test_an_empty_file_lets_everybody_in(file: Path) -> None:
    file.write_text("")
    with serving({"good": Steady()}, access=Access(str(file))) as served:
        assert served.get()[0].status == 200


def test_tls_is_spoken_and_plain_text_is_not(file: Path, certificates: Path, https: Get) -> None:
    file.write_text(tls(certificates))
    with serving({"good": Steady()}, access=Access(str(file))) as served:
        status, body = https(served)
        with pytest.raises(ConnectionError):
            served.get()
        assert https(served)[0] == 200
    assert status == 200
    assert b"\ngood_total 1\n" in body


def test_a_tls_connection_serves_many_scrapes_and_big_ones(file: Path, certificates: Path) -> None:
    file.write_text(tls(certificates))
    trust = ssl.create_default_context(cafile=str(certificates / "server.crt"))
    with serving({"big": Big()}, access=Access(str(file))) as served:
        connection = HTTPSConnection("localhost", served.port, context=trust, timeout=60)
        sizes = []
        for _ in range(3):
            connection.request("GET", "/metrics")
            sizes.append(len(connection.getresponse().read()))
        connection.close()
    assert min(sizes) > 9_000_000


def test_versions_before_tls_1_2_are_refused(file: Path, certificates: Path, https: Get) -> None:
    file.write_text(tls(certificates, "min_version: TLS13"))
    with serving({"good": Steady()}, access=Access(str(file))) as served:
        with pytest.raises(ssl.SSLError, match=r"(?i)protocol.version"):
            https(served, version=ssl.TLSVersion.TLSv1_2)
        assert https(served)[0] == 200


def test_a_client_needs_the_right_certificate(file: Path, certificates: Path, https: Get) -> None:
    file.write_text(tls(certificates, f"client_ca_file: {certificates}/client.crt", DEMAND))
    with serving({"good": Steady()}, access=Access(str(file))) as served:
        assert https(served, client="client")[0] == 200
        for wrong in ("", "other"):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                https(served, client=wrong)


def test_a_clients_certificate_needs_one_of_the_allowed_names(file: Path, certificates: Path, https: Get) -> None:
    authority = f"client_ca_file: {certificates}/client.crt"
    file.write_text(tls(certificates, authority, DEMAND, "client_allowed_sans: [prometheus.example]"))
    with serving({"good": Steady()}, access=Access(str(file))) as served:
        assert https(served, client="client")[0] == 200
    file.write_text(tls(certificates, authority, DEMAND, "client_allowed_sans: [somebody.else]"))
    with (
        serving({"good": Steady()}, access=Access(str(file))) as served,
        pytest.raises((ConnectionError, ssl.SSLError)),
    ):
        https(served, client="client")


def test_inline_certificates_work(file: Path, certificates: Path, https: Get) -> None:
    pem = {
        name: (certificates / f"server.{end}").read_text().replace("\n", "\n    ")
        for name, end in (("cert", "crt"), ("key", "key"))
    }
    file.write_text("tls_server_config:\n" + "".join(f"  {name}: |\n    {text}\n" for name, text in pem.items()))
    with serving({"good": Steady()}, access=Access(str(file))) as served:
        assert https(served)[0] == 200


def test_a_renewed_certificate_is_used_from_the_next_connection_on(
    file: Path, certificates: Path, tmp_path: Path, https: Get
) -> None:
    def renew(name: str) -> None:
        for end in ("crt", "key"):
            (tmp_path / f"new.{end}").write_bytes((certificates / f"{name}.{end}").read_bytes())
            (tmp_path / f"new.{end}").replace(tmp_path / f"current.{end}")

    renew("server")
    file.write_text("tls_server_config: {cert_file: current.crt, key_file: current.key}")
    access = Access(str(file))
    with serving({"good": Steady()}, access=access) as served:
        assert https(served, server="server")[0] == 200
        renew("other")
        time.sleep(1.1)
        assert https(served, server="other")[0] == 200


def test_users_need_their_password(file: Path) -> None:
    file.write_text(f"basic_auth_users: {{alice: {HASH}, long: {LONG_HASH}}}")
    with serving({"good": Steady()}, access=Access(str(file))) as served:
        refused, body = served.get()
        assert (refused.status, refused.headers["WWW-Authenticate"], body) == (
            401,
            "Basic",
            b"user and password, please\n",
        )
        for _ in range(2):
            assert served.get(Authorization=basic("alice", "secret"))[0].status == 200
            assert served.get(Authorization=basic("alice", "wrong"))[0].status == 401
            assert served.get(Authorization=basic("bob", "secret"))[0].status == 401
        assert served.get(Authorization=basic("long", "x" * 80))[0].status == 200
        for nonsense in ("Basic", "Basic !!!", "Basic YWxpY2U=", "Bearer secret", "Basic /////w=="):
            assert served.get(Authorization=nonsense)[0].status == 401
        assert served.get("/-/healthy")[0].status == 401


def test_a_password_is_hashed_once_and_then_remembered(file: Path) -> None:
    slow = bcrypt.hashpw(b"secret", bcrypt.gensalt(12)).decode()
    file.write_text(f"basic_auth_users: {{alice: {slow}}}")
    with serving({"good": Steady()}, access=Access(str(file))) as served:
        taken = []
        for _ in range(4):
            began = time.monotonic()
            assert served.get(Authorization=basic("alice", "secret"))[0].status == 200
            taken.append(time.monotonic() - began)
    assert min(taken[1:]) < taken[0] / 3


def test_changed_users_hold_from_then_on_and_a_broken_file_changes_nothing(file: Path) -> None:
    file.write_text(f"basic_auth_users: {{alice: {HASH}}}")
    with serving({"good": Steady()}, access=Access(str(file))) as served:
        assert served.get(Authorization=basic("alice", "secret"))[0].status == 200
        file.write_text("basic_auth_users: [")
        time.sleep(1.1)
        assert served.get(Authorization=basic("alice", "secret"))[0].status == 200
        file.write_text(f"basic_auth_users: {{bob: {HASH}}}")
        time.sleep(1.1)
        assert served.get(Authorization=basic("alice", "secret"))[0].status == 401
        assert served.get(Authorization=basic("bob", "secret"))[0].status == 200


def test_headers_and_the_rate_limit_of_the_file_hold(file: Path) -> None:
    file.write_text("http_server_config: {headers: {X-Frame-Options: deny}}\nrate_limit: {interval: 1h, burst: 2}\n")
    with serving({"good": Steady()}, access=Access(str(file))) as served:
        answers = [served.get()[0] for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert {answer.headers["X-Frame-Options"] for answer in answers} == {"deny"}


def test_every_mistake_in_the_file_is_told_at_once(file: Path) -> None:
    content = (
        "tls_server_config: {cert_file: a, cert: b, client_auth_type: RequireAnyClientCert, min_version: SSL3,\n"
        "  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA], key: 5, certfile: c}\n"
        "basic_auth_users: {alice: secret}\n"
        "http_server_config: {headers: {Server: x}}\n"
        "rate_limit: {interval: soon, burst: 0}\n"
        "users: {}\n"
    )
    told = problems(file, content)
    assert [problem.split(";")[0] for problem in told] == [
        "unknown key users",
        "unknown key tls_server_config.certfile",
        "tls_server_config.key has to be a text",
        "tls_server_config needs either cert or cert_file",
        "tls_server_config needs either key or key_file",
        "tls_server_config.client_auth_type RequireAnyClientCert checks nothing and isn't offered",
        "tls_server_config.min_version is one of TLS10, TLS11, TLS12, TLS13",
        "tls_server_config.cipher_suites: TLS_RSA_WITH_RC4_128_SHA isn't offered",
        "basic_auth_users.alice is no bcrypt hash",
        "unknown key headers.Server",
        "rate_limit.interval is a duration such as 1s, not 'soon'",
        "rate_limit.burst is a whole number from 1, not 0",
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("- a\n", "file has to be a mapping"),
        ("basic_auth_users: [a]\n", "basic_auth_users has to map names to bcrypt hashes"),
        ("tls_server_config: {cert_file: no.crt, key_file: no.key}\n", "tls_server_config: [Errno 2] No such file"),
        ("tls_server_config: {cert_file: c, key_file: k, client_auth_type: RequireAndVerifyClientCert}\n",
         "tls_server_config.client_auth_type RequireAndVerifyClientCert needs client_ca_file"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_at_the_start(file: Path, content: str, problem: str) -> None:
    assert problems(file, content)[0].startswith(problem)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"can't read --web\.config\.file="):
        Access(str(tmp_path / "none.yml"))


def test_a_client_that_stalls_in_the_handshake_holds_up_nobody(file: Path, certificates: Path, https: Get) -> None:
    file.write_text(tls(certificates))
    with serving({"good": Steady()}, access=Access(str(file))) as served, served.connect() as stalling:
        stalling.sendall(b"\x16\x03\x01")
        assert https(served)[0] == 200
