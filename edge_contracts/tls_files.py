"""The TLS files of a connection, looked at before it is tried: a wrong file is a sentence, not a retry for ever."""

from __future__ import annotations

import ssl

from edge_contracts.errors import BadInputError


def check_tls_files(ca: str | None, certificate: str | None, key: str | None) -> None:
    """Load the files as the connection will.

    Args:
        ca: the authority that signed the broker's certificate, PEM; None for no TLS.
        certificate: our own, PEM.
        key: its key, PEM; None where the certificate's file holds it.

    Raises:
        BadInputError: a certificate without an authority (the connection would be plain text), or a file that is no PEM
            of its kind, or a key that does not fit or has no certificate.
    """
    if ca is None:
        if certificate or key:
            raise BadInputError(
                f"wanted the authority's file beside {certificate or key}, found none: without it nothing is "
                "encrypted; give the CA's PEM file"
            )
        return
    tls_context(ca, certificate, key)


def tls_context(ca: str, certificate: str | None, key: str | None) -> ssl.SSLContext:
    """What a client connects with: the other side must be signed by `ca` for the name that it is called by.

    Raises:
        BadInputError: a file is no PEM of its kind, or a key does not fit or has no certificate.
    """
    try:
        context = ssl.create_default_context(cafile=ca)
    except (ssl.SSLError, OSError) as error:
        raise BadInputError(
            f"wanted an authority's certificate (PEM), found {ca}: {error}; give the CA's file"
        ) from error
    if key and not certificate:
        raise BadInputError(f"wanted the certificate beside its key {key}, found none: give the certificate's PEM file")
    if certificate:
        try:
            context.load_cert_chain(certificate, key)
        except (ssl.SSLError, OSError) as error:
            raise BadInputError(
                f"wanted a certificate and its key (PEM), found {certificate} and {key or 'no key file'}: {error}; "
                "give the two that belong together"
            ) from error
    context.sslsocket_class = _ClosedWhenRefused
    return context


class _ClosedWhenRefused(ssl.SSLSocket):
    """A socket that does not stay open when the handshake fails; whoever asked for it never gets hold of it."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - the signature is Python's
        try:
            super().do_handshake(block)
        except (OSError, ValueError):
            self.close()
            raise
