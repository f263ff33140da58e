"""The second line of the list of VENs: the work there is to do over the whole fleet. Pure."""

from __future__ import annotations

from vendash.models import WorkCounts
from vendash.widgets.line import width
from vendash.widgets.palette import Words
from vendash.widgets.text import thousands


def work_words(work: WorkCounts, cells: int) -> Words:
    """The work to do in so many cells; what needs no one gives way, what needs a person never."""
    whole = [
        ("decide", work.decide, "pending"),
        ("unsent", work.unsent, "text"),
        ("approved", work.approved, "approved"),
        ("suspended", work.suspended, "suspended"),
        ("≠", work.different, "different"),
        ("!", work.trouble, "trouble"),
    ]
    for titles in (whole, [*whole[:3], *whole[4:]], [*whole[:2], *whole[4:]], whole[4:]):
        words: Words = [(thousands(work.total), "strong")]
        for title, count, style in titles:
            words += [(f"  {title} ", "dim"), (thousands(count), style if count else "dim")]
        if width(words) < cells:
            break
    if (work.different or work.trouble) and width(words) + 8 <= cells:
        words.append(("  n:next", "key"))
    if work.different and width(words) + 10 <= cells:
        words.append(("  6:≠ list", "key"))
    return words
