"""No secret outlives the door: what is blotted out, what stays, and that no line can make it slow."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, strategies

from exporter.collectors.logs_secrets import Blotter

PEM = "MIIEpAIBAAKCAQEAx7Jb0m4oB1Yq0cDWmH3k2v9fR1sT8uZpQeLwN6yKjXhVtGd5"


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("user=root password=hunter2 ok", "user=root password=*** ok"),
        ('{"password": "hun\\"ter2", "a": 1}', '{"password": ***, "a": 1}'),
        (r'msg="{\"token\":\"s3cr3t\",\"x\":1}"', r'msg="{\"token\":***,\"x\":1}"'),
        ("password='two words' next", "password=*** next"),
        ('password: "cut off at the e', "password: ***"),
        ("DB_PASSWORD=hunter2", "DB_PASSWORD=***"),
        ("db_pass=hunter2", "db_pass=***"),
        ("PGPASSWORD = hunter2", "PGPASSWORD = ***"),
        ("spring.datasource.password=hunter2", "spring.datasource.password=***"),
        ("auth_token=>'x y'", "auth_token=>***"),
        ("X-Api-Key: hunter2", "X-Api-Key: ***"),
        ("aws_secret_access_key := hunter2/a+b=", "aws_secret_access_key := ***"),
        ("JSESSIONID=hunter2", "JSESSIONID=***"),
        ("GET /x?access_token=hunter2&page=1 HTTP/1.1", "GET /x?access_token=***&page=1 HTTP/1.1"),
        ("Authorization: Bearer hunter2", "Authorization: Bearer ***"),
        ("curl -H 'Authorization: Basic dXNlcjpwYXNz' http://x", "curl -H 'Authorization: Basic ***' http://x"),
        ('"authorization":"hunter2"', '"authorization":"***"'),
        ("sent Bearer hunter2.abc.def to x", "sent Bearer *** to x"),
        ("Set-Cookie: sid=hunter2; Path=/; HttpOnly", "Set-Cookie: ***"),
        ("Cookie: a=hunter2; b=hunter2", "Cookie: ***"),
        ("postgres://user:hunter2@db:5432/x", "postgres://***@db:5432/x"),
        ("redis://:hun/ter2@h:1/0", "redis://***@h:1/0"),
        ("amqp://u:p@ss@h", "amqp://***@h"),
        ("https://hunter2@github.com/x.git", "https://***@github.com/x.git"),
        ("mysql --password hunter2 -u x", "mysql --password *** -u x"),
        ("tool --api-key 'hunter2 b' go", "tool --api-key *** go"),
        ("the new password is: hunter2", "the new password is: ***"),
        ("CREATE USER x IDENTIFIED BY 'hunter2'", "CREATE USER x IDENTIFIED BY ***"),
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def", "jwt ***"),
        ("id AKIAIOSFODNN7EXAMPLE", "id ***"),
        ("ghp_abcdefghijklmnopqrstuvwxyz012345 pushed", "*** pushed"),
        ("glpat-abcdefghijklmnopqrst", "***"),
        ("xoxb-123456789012-abcdef", "***"),
        ("sk-proj-abcdefghijklmnop0123", "***"),
        ("AIzaSyA-1234567890abcdefghijklmnopqrstuv", "***"),
        (f"orphaned {PEM}", "orphaned ***"),
    ],
)
def test_a_secret_is_blotted_out_and_the_rest_stays(line: str, kept: str) -> None:
    assert Blotter().clean(line) == kept


@pytest.mark.parametrize(
    "line",
    [
        "Failed password for invalid user admin from 192.0.2.4 port 22 ssh2",
        "Accepted publickey for root from 192.0.2.4 port 22 ssh2",
        "pam_unix(sshd:session): session opened for user root",
        "monkey=banana turkey: cold",
        "GET https://example.org/a@b HTTP/1.1",
        "digest sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef pulled",
        "/usr/lib/python3/dist-packages/a_long_path/that_goes_on/and_on/and_on/and_on_v2/until_the_end",
        "--token",
    ],
)
def test_what_is_no_secret_stays(line: str) -> None:
    assert Blotter().clean(line) == line


def test_a_private_key_is_blotted_out_over_all_its_lines() -> None:
    blotter = Blotter()
    lines = ["x -----BEGIN RSA PRIVATE KEY-----", PEM, "short", "-----END RSA PRIVATE KEY----- token=a", "after"]
    assert [blotter.clean(line) for line in lines] == ["x ***", "***", "***", "*** token=***", "after"]
    assert blotter.clean("a -----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY----- b") == "a *** b"


def test_a_private_key_that_never_ends_does_not_blot_out_the_log_for_ever() -> None:
    blotter = Blotter()
    blotter.clean("-----BEGIN EC PRIVATE KEY-----")
    kept = [blotter.clean(f"line {number}") for number in range(201)]
    assert kept[:200] == ["***"] * 200
    assert kept[200] == "line 200"


@given(
    before=strategies.text(strategies.sampled_from("ab =:\"'{},-"), max_size=20),
    name=strategies.sampled_from(["password", "api_key", "client-secret", "X_TOKEN", "passphrase"]),
    separator=strategies.sampled_from(["=", ": ", " = ", '": "', "': '", "=>", '\\":\\"']),
)
def test_whatever_stands_around_it_a_named_secret_does_not_get_through(before: str, name: str, separator: str) -> None:
    assert "hunter2" not in Blotter().clean(f"{before}{name}{separator}hunter2")


@pytest.mark.parametrize(
    "evil",
    ["password" * 1000, "a.-" * 3000 + "://", "_key" * 2000, '\\"' * 4000 + "token=", "://a:" * 1600, "cookie:" * 1200,
     "--a" * 2700, "token is " * 900, "-----BEGIN " * 700, "eyj" * 2700, "A1+" * 2700],
)  # fmt: skip
def test_a_line_made_to_be_slow_is_not(evil: str) -> None:
    began = time.thread_time()
    Blotter().clean(evil[:8000])
    assert time.thread_time() - began < 2  # a backtracking expression takes minutes; this takes milliseconds
