"""A closer look at what is not right with a VTN, so that every command says it as doctor does."""

from __future__ import annotations

from vendash.vtn.client import Vtn
from vendash.vtn.diagnosis import diagnose


async def looked_closer(vtn: Vtn, sentence: str) -> str:
    """What is wrong with the address of a VTN that has answered as none does; only by reading.

    Where the address is right, it is the sentence that was said of the answer.
    """
    address, *_ = await diagnose(vtn, believed="", clients={})
    return address.text if address.state == "wrong" else sentence
