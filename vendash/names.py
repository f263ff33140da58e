"""Names of ours at a VTN."""

from __future__ import annotations

import hashlib
import re
import unicodedata

CLIENT_PREFIX = "vendash-"

_DANISH = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa"})


def client_id(ven: str, prefix: str = CLIENT_PREFIX) -> str:
    """The clientID of a VEN: `vendash-koebenhavn` for København.

    æ, ø and å are spelled out, other letters lose their accents, and everything that is not a
    letter or a digit becomes `-`. A name of which nothing is left gets eight hex digits of its
    SHA-256. Two names may share an id: the store reports that before anything is sent.
    """
    folded = unicodedata.normalize("NFC", ven).casefold().translate(_DANISH)
    letters = unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", letters).strip("-")
    return prefix + (slug or hashlib.sha256(ven.encode()).hexdigest()[:8])
