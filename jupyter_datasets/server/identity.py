"""The token of this run of the server: good for our routes only, given to its kernels and to who may read the store."""

from __future__ import annotations

import hmac
import re
import secrets
from typing import TYPE_CHECKING, Any, cast

from jupyter_server.auth import User

if TYPE_CHECKING:
    from jupyter_server.auth import IdentityProvider
    from tornado.web import RequestHandler

_HEADER = re.compile(r"(?:token|bearer)\s+(\S+)", re.IGNORECASE)


def new_token() -> str:
    """A token that nobody guesses."""
    return secrets.token_urlsafe(32)


def carries(handler: RequestHandler, token: str) -> bool:
    """Whether a request shows the token, in its header: one in an address would stand in logs."""
    found = _HEADER.fullmatch(handler.request.headers.get("Authorization", ""))
    return found is not None and hmac.compare_digest(found[1].encode(), token.encode())


class ScopedIdentity:
    """Knows who shows our token, and asks the server's own provider about everybody else.

    Parameters
    ----------
    real
        The server's provider.
    token
        Ours.
    """

    def __init__(self, real: IdentityProvider, token: str) -> None:
        self._real = real
        self._token = token

    def get_user(self, handler: RequestHandler) -> Any:
        """The user, or what is to be awaited for him."""
        return User("jupyter-datasets") if carries(handler, self._token) else self._real.get_user(handler)

    def is_token_authenticated(self, handler: RequestHandler) -> bool:
        """Whether XSRF and origins need no look."""
        return carries(handler, self._token) or self._real.is_token_authenticated(handler)

    def should_check_origin(self, handler: RequestHandler) -> bool:
        """Whether a page elsewhere may have sent this."""
        return not carries(handler, self._token) and self._real.should_check_origin(handler)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def scoped(real: IdentityProvider, token: str) -> IdentityProvider:
    """The provider with our token before it."""
    return cast("IdentityProvider", ScopedIdentity(real, token))
