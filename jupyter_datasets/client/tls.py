"""Certificates of servers: which are trusted, and what to say of one that is not."""

from __future__ import annotations

import os
import ssl

import httpx

from jupyter_datasets.errors import ErrorKind, StorageError


def trusted() -> ssl.SSLContext:
    """The authorities that ``SSL_CERT_FILE`` or ``SSL_CERT_DIR`` name, else the usual ones."""
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    try:
        return httpx.create_ssl_context()
    except (OSError, ValueError) as error:
        raise StorageError(
            f"The certificates that SSL_CERT_FILE or SSL_CERT_DIR name cannot be read: {file or folder}.",
            kind=ErrorKind.SERVER_UNREACHABLE,
            next_step="Let it name a file in PEM format, or unset it.",
        ) from error


def distrusted(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    """The refusal of a server's certificate, if that is what an error came from."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error


def refusal(url: str, error: ssl.SSLCertVerificationError) -> StorageError:
    """What to say of a server whose certificate is not trusted."""
    return StorageError(
        f"The certificate of the server at {url} is not trusted: {error.verify_message}.",
        kind=ErrorKind.SERVER_UNREACHABLE,
        next_step=(
            "If it is your own, let SSL_CERT_FILE name the file with which the server was started (--certfile); "
            "the certificate must name the host of that address."
        ),
        details={"url": url},
    )
