"""The file of --web.config.file, in exporter-toolkit's format: TLS, users, headers, rate limit.

https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

from exporter.flags import SettingsError, duration

VERSIONS = ("TLS10", "TLS11", "TLS12", "TLS13")
CLIENT_AUTH = ("NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert")
UNVERIFIED = ("RequestClientCert", "RequireAnyClientCert")
"""What Go offers and OpenSSL doesn't: to take a certificate without looking at it."""
CIPHERS = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
}
"""Suites of TLS 1.2 as Go calls them, and as OpenSSL does; those without forward secrecy are left out."""
CURVES = {"CurveP256": "prime256v1", "CurveP384": "secp384r1", "CurveP521": "secp521r1", "X25519": "X25519"}
HEADERS = (
    "Content-Security-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "X-XSS-Protection",
)


@dataclass(frozen=True, slots=True)
class Tls:
    """Certificates as files, or inline as PEM."""

    cert_file: str = ""
    key_file: str = ""
    client_ca_file: str = ""
    cert: str = ""
    key: str = ""
    client_ca: str = ""
    client_auth_type: str = "NoClientCert"
    client_allowed_sans: tuple[str, ...] = ()
    min_version: str = "TLS12"
    max_version: str = "TLS13"
    cipher_suites: tuple[str, ...] = ()
    curve_preferences: tuple[str, ...] = ()
    prefer_server_cipher_suites: bool = True

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(path for path in (self.cert_file, self.key_file, self.client_ca_file) if path)


@dataclass(frozen=True, slots=True)
class WebConfig:
    """Who may come, and how. Nothing set: anybody, in plain text. `users` maps names to bcrypt hashes."""

    tls: Tls | None = None
    users: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    rate_interval: timedelta = timedelta(0)
    rate_burst: int = 1


def read(path: str) -> WebConfig:
    """The file's content; SettingsError tells all that is wrong with it. Paths in it start at its folder."""
    import yaml  # noqa: PLC0415 - costs memory that a host without such a file keeps

    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise SettingsError([f"can't read --web.config.file={path}: {error}"]) from error
    problems: list[str] = []
    sections = ("tls_server_config", "http_server_config", "basic_auth_users", "rate_limit")
    found = _section({"file": content}, "file", sections, problems)
    config = WebConfig(
        tls=_tls(found, Path(path).parent, problems),
        users=_users(found, problems),
        headers=_headers(found, problems),
        rate_interval=_rate(found, problems),
        rate_burst=_number(found, problems),
    )
    if problems:
        raise SettingsError([f"--web.config.file={path}: {problem}" for problem in problems])
    return config


def _section(content: Mapping[str, Any], name: str, keys: tuple[str, ...], problems: list[str]) -> dict[str, Any]:
    """A mapping of the file; unknown keys are problems, as a misspelt one would leave the door open."""
    found = content.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        problems.append(f"{name} has to be a mapping")
        return {}
    where = "" if name == "file" else f"{name}."
    problems += [f"unknown key {where}{key}; known are {', '.join(keys)}" for key in found if key not in keys]
    return found


def _tls(content: Mapping[str, Any], folder: Path, problems: list[str]) -> Tls | None:
    defaults = {one.name: one.default for one in fields(Tls)}
    found = _section(content, "tls_server_config", tuple(defaults), problems)
    given: dict[str, Any] = {}
    for name, value in found.items():
        if name in defaults and value is not None:
            given[name] = _typed(name, value, defaults[name], problems)
    for name in ("cert_file", "key_file", "client_ca_file"):
        if given.get(name):
            given[name] = str(folder / given[name])
    tls = Tls(**given)
    if tls == Tls():
        return None
    problems += [f"tls_server_config{problem}" for problem in (*_key_problems(tls), *_choice_problems(tls))]
    return tls


def _typed(name: str, value: Any, default: Any, problems: list[str]) -> Any:
    """The value as its default is; a problem when it is of another kind."""
    if isinstance(default, tuple) and isinstance(value, list):
        return tuple(str(one) for one in value)
    if isinstance(value, type(default)):
        return value
    kind = {tuple: "a list", bool: "true or false", str: "a text"}[type(default)]
    problems.append(f"tls_server_config.{name} has to be {kind}")
    return default


def _key_problems(tls: Tls) -> Iterable[str]:
    for one in ("cert", "key"):
        if bool(getattr(tls, one)) == bool(getattr(tls, f"{one}_file")):
            yield f" needs either {one} or {one}_file"
    kind = tls.client_auth_type or "NoClientCert"
    if kind in UNVERIFIED:
        yield f".client_auth_type {kind} checks nothing and isn't offered; {', '.join(CLIENT_AUTH)} are"
    elif kind not in CLIENT_AUTH:
        yield f".client_auth_type is one of {', '.join(CLIENT_AUTH)}"
    elif kind != "NoClientCert" and not (tls.client_ca or tls.client_ca_file):
        yield f".client_auth_type {kind} needs client_ca_file"


def _choice_problems(tls: Tls) -> Iterable[str]:
    for name, value in (("min_version", tls.min_version), ("max_version", tls.max_version)):
        if value not in VERSIONS:
            yield f".{name} is one of {', '.join(VERSIONS)}"
    for name, values, known in (
        ("cipher_suites", tls.cipher_suites, CIPHERS),
        ("curve_preferences", tls.curve_preferences, CURVES),
    ):
        for value in values:
            if value not in known:
                yield f".{name}: {value} isn't offered; {', '.join(known)} are"


def _users(content: Mapping[str, Any], problems: list[str]) -> dict[str, str]:
    found = content.get("basic_auth_users") or {}
    if not isinstance(found, dict):
        problems.append("basic_auth_users has to map names to bcrypt hashes")
        return {}
    users = {str(name): str(hashed) for name, hashed in found.items()}
    problems += [f"basic_auth_users.{name} is no bcrypt hash" for name, hashed in users.items() if hashed[:2] != "$2"]
    return users


def _headers(content: Mapping[str, Any], problems: list[str]) -> dict[str, str]:
    server = _section(content, "http_server_config", ("http2", "headers"), problems)
    found = _section(server, "headers", HEADERS, problems)
    headers = {str(name): str(value) for name, value in found.items()}
    problems += [f"headers.{name} has to be one line" for name, value in headers.items() if not value.isprintable()]
    return headers


def _rate(content: Mapping[str, Any], problems: list[str]) -> timedelta:
    interval = _section(content, "rate_limit", ("interval", "burst"), problems).get("interval", 0)
    try:
        return duration(str(interval)) if interval else timedelta(0)
    except ValueError:
        problems.append(f"rate_limit.interval is a duration such as 1s, not {interval!r}")
        return timedelta(0)


def _number(content: Mapping[str, Any], problems: list[str]) -> int:
    limit = content.get("rate_limit")
    burst = limit.get("burst", 1) if isinstance(limit, dict) else 1
    if isinstance(burst, int) and burst >= 1:
        return burst
    problems.append(f"rate_limit.burst is a whole number from 1, not {burst!r}")
    return 1
