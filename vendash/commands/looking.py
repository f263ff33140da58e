"""A closer look at what is not right with a VTN, so that every command says it as doctor does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from vendash.vtn.client import Vtn
from vendash.vtn.diagnosis import diagnose
from vendash.vtn.errors import VtnAnswerError


@asynccontextmanager
async def looking_closer(vtn: Vtn) -> AsyncIterator[None]:
    """Whatever answers as no VTN does within the block is looked at once more.

    Raises:
        VtnAnswerError: As doctor says it.
    """
    try:
        yield
    except VtnAnswerError as error:
        raise VtnAnswerError(await looked_closer(vtn, str(error))) from None


async def looked_closer(vtn: Vtn, sentence: str) -> str:
    """What is wrong with the address of a VTN that has answered as none does; only by reading.

    Where the address is right, it is the sentence that was said of the answer.
    """
    address, *_ = await diagnose(vtn, believed="", clients={})
    return address.text if address.state == "wrong" else sentence
