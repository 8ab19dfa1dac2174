"""A wrong TLS file is told at once, and nobody speaks plain text who asked for a certificate."""

import ssl
import subprocess

import pytest

from edge_contracts.errors import BadInputError
from edge_contracts.tls_files import check_tls_files
from tests.system.required import require_tool


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    """Two self-signed certificates and their keys: `a.pem`, `a.key`, `b.pem`, `b.key`."""
    openssl, folder = require_tool("openssl"), tmp_path_factory.mktemp("pem")
    request = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    for name in "ab":
        subprocess.run(
            [*request, "-subj", f"/CN={name}", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"],
            check=True,
            capture_output=True,
        )
    return folder


def test_files_that_belong_together_are_taken(pem):
    assert check_tls_files(str(pem / "a.pem"), str(pem / "b.pem"), str(pem / "b.key")) is None
    assert ssl.create_default_context(cafile=str(pem / "a.pem")).cert_store_stats()["x509_ca"] == 1


def test_a_certificate_without_an_authority_would_be_plain_text_and_is_refused(pem):
    with pytest.raises(BadInputError, match="without it nothing is encrypted; give the CA's PEM file"):
        check_tls_files(None, str(pem / "a.pem"), str(pem / "a.key"))


def test_an_authority_that_is_no_certificate_names_the_file(pem):
    with pytest.raises(BadInputError, match=r"wanted an authority's certificate \(PEM\), found .*a\.key"):
        check_tls_files(str(pem / "a.key"), None, None)


def test_a_key_of_another_certificate_is_refused(pem):
    with pytest.raises(BadInputError, match="give the two that belong together"):
        check_tls_files(str(pem / "a.pem"), str(pem / "a.pem"), str(pem / "b.key"))


def test_no_tls_needs_no_files():
    assert check_tls_files(None, None, None) is None


def test_a_key_alone_shows_nobody_who_we_are_and_is_refused(pem):
    with pytest.raises(BadInputError, match="give the certificate's PEM file"):
        check_tls_files(str(pem / "a.pem"), None, str(pem / "a.key"))
