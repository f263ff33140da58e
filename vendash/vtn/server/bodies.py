"""Reading request bodies from clients that may be broken or hostile."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

from vendash.vtn.server.problems import ProblemError

MOST_BODY_BYTES = 1_000_000
_BODY_TIMEOUT_S = 30.0
_OF_A_BODY = ("content-length", "transfer-encoding", "content-type")


def require_type(request: Request, media_type: str) -> None:
    """Raise ProblemError 415 unless the body is declared as `media_type`; 400 without any."""
    if not any(name in request.headers for name in _OF_A_BODY):
        raise ProblemError(400, "The body is missing.")
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared != media_type:
        raise ProblemError(415, f"The Content-Type must be {media_type}.")


async def read_body(request: Request) -> bytes:
    """The whole body.

    Raises:
        ProblemError: 413 above 1 MB, 408 when it does not arrive within 30 s.
    """
    too_large = ProblemError(413, f"A body may have at most {MOST_BODY_BYTES} bytes.")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > MOST_BODY_BYTES:
        raise too_large
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(_BODY_TIMEOUT_S):
            async for chunk in request.stream():
                chunks.append(chunk)
                size += len(chunk)
                if size > MOST_BODY_BYTES:
                    raise too_large
    except TimeoutError:
        raise ProblemError(408, "The body did not arrive in time.") from None
    return b"".join(chunks)
