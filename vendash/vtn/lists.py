"""Lists of a VTN: page by page, or whole where a VTN knows no pages."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec

from vendash.vtn.answers import Reply, UnexpectedReplyError
from vendash.vtn.dialects import Dialect
from vendash.vtn.dialects.base import PAGE, Listed, Request, page_of
from vendash.vtn.dialects.reading import checked_id, reader
from vendash.vtn.errors import VtnAnswerError

MOST_LISTED = 200_000
"""Objects of a VTN that are read at most; remembering them takes about 120 MB."""
MOST_PAGES = 20_000
"""Of one list; a VTN that always has another page is left here."""
LONG = 500_000
"""Bytes that are read beside the event loop; a page of 50 resources is about 60,000."""
FRESH = 60.0
"""Seconds for which a whole list is believed about what we have not touched since."""

Send = Callable[[Request], Awaitable[Reply]]


class _WithId(msgspec.Struct):
    id: str | int


_read_id = reader(_WithId)


@dataclass(slots=True)
class Pages:
    """What the pages of a VTN, seen so far, say of the next: one may hold fewer than we ask for."""

    largest: int = 0
    whole: bool = False
    """It ignores `limit` and `skip`: what is longer than a page is all there is."""

    def may_go_on(self, listed: int, fresh: int) -> bool:
        """Whether another page may follow one of so many objects, so many of them new."""
        self.largest = max(self.largest, listed)
        beyond = listed > PAGE
        self.whole = self.whole or (beyond and not fresh)
        return fresh > 0 and listed >= min(self.largest, PAGE) and not (beyond and self.whole)


async def paged(
    send: Send, dialect: Dialect, path: str, query: tuple[tuple[str, str], ...], pages: Pages
) -> AsyncIterator[list[Listed]]:
    """The objects of a list, page by page, each once.

    Pages of VTNs have no order and no end mark: they shift while others write, a limit may be
    ignored, and so may `skip`. Only a page shorter than another one was is surely the last.

    Raises:
        UnexpectedReplyError: A page was refused, or is no list.
        VtnError: As `send`; also when the list has no end.
    """
    seen: set[str] = set()
    skip = 0
    for _ in range(MOST_PAGES):
        listed = await read_page(dialect, await send(dialect.page(path, skip, query)))
        fresh = _once(listed, seen)
        yield fresh
        if not pages.may_go_on(len(listed), len(fresh)):
            break
        check_number(len(seen))
        skip += len(listed)
    else:
        raise VtnAnswerError(f"The list {path} of the VTN has no end.")
    if not fresh and 1 < len(listed) <= PAGE and not pages.whole:
        await _check_skipping(send, dialect, path, query, listed[0].id)


async def _check_skipping(
    send: Send, dialect: Dialect, path: str, query: tuple[tuple[str, str], ...], first: str
) -> None:
    """A page came twice: is that all there is, or does the VTN know `limit` and not `skip`?"""
    second = await read_page(dialect, await send(page_of(path, 1, query, limit=1)))
    if [one.id for one in second] == [first]:
        raise VtnAnswerError(
            f"The VTN shows the same page of {path} again and again: it has to know 'skip', "
            "or what comes after that page cannot be seen."
        )


def check_number(listed: int) -> None:
    """Raise `VtnAnswerError` for more objects than a VTN of ours could hold."""
    if listed > MOST_LISTED:
        raise VtnAnswerError(
            f"The VTN lists more than {MOST_LISTED:,} objects, which is beyond any fleet: "
            "have a look there, and whether it is the right one."
        )


async def read_page(dialect: Dialect, reply: Reply) -> list[Listed]:
    """As `read_list`, off the event loop where it takes long: a whole list may come as a page."""
    if len(reply.body) <= LONG:
        return read_list(dialect, reply)
    return await asyncio.to_thread(read_list, dialect, reply)


def read_list(dialect: Dialect, reply: Reply) -> list[Listed]:
    """The objects of an answer. Raises `UnexpectedReplyError` where it holds none."""
    if not reply.ok:
        raise UnexpectedReplyError(reply)
    try:
        return dialect.listed(reply.body)
    except ValueError:
        raise UnexpectedReplyError(reply) from None


def _once(listed: Sequence[Listed], seen: set[str]) -> list[Listed]:
    """Those not seen before; a VTN may also repeat one within a page."""
    fresh = []
    for one in listed:
        if one.id not in seen:
            seen.add(one.id)
            fresh.append(one)
    return fresh


@dataclass(slots=True, weakref_slot=True)
class WholeList:
    """A list as it was some time after `began` (monotonic)."""

    began: float
    objects: list[Listed]
    _by_name: dict[str, list[Listed]] = field(init=False)
    _by_id: dict[str, Listed] = field(init=False)

    def __post_init__(self) -> None:
        """Index it: it is asked for one object after the other."""
        self.objects = _once(self.objects, set())
        self._by_id = {one.id: one for one in self.objects}
        named: defaultdict[str, list[Listed]] = defaultdict(list)
        for one in self.objects:
            named[one.name].append(one)
        self._by_name = dict(named)

    def named(self, name: str) -> list[Listed]:
        """Those of this name."""
        return self._by_name.get(name, [])

    def get(self, id_: str) -> Listed | None:
        """The one with this id."""
        return self._by_id.get(id_)


@dataclass(slots=True)
class _News:
    """What has happened to one item, by the monotonic clock."""

    latest: float = 0.0
    touched: float = 0.0
    contested: float = 0.0
    id: str | None = None


_NO_NEWS = _News()


class WholeLists:
    """The lists of a VTN without pages and filters, each read once for many who ask.

    Whoever asks is answered from a list that was read after the last request about the same item,
    or that shows already what that request was refused for (409: it has changed nothing).
    """

    def __init__(self) -> None:
        self._held: dict[str, WholeList] = {}
        self._shown: set[str] = set()
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._news: OrderedDict[str, _News] = OrderedDict()

    def touched(self, name: str) -> None:
        """A request that may have changed the item of this name has been made."""
        news = self._news_of(name)
        news.touched = news.latest

    def conflict(self, name: str, body: bytes) -> None:
        """The VTN has an item of this name (409); the body may say under which id."""
        news = self._news_of(name)
        news.contested = news.latest
        with suppress(ValueError):
            news.id = checked_id(_read_id(body).id)

    def told(self, name: str) -> str | None:
        """The id that a VTN gave with its refusal; for one that shows no list."""
        return self._news.get(name, _NO_NEWS).id

    def is_hidden(self, path: str, reply: Reply) -> bool:
        """Whether a VTN that answers so has no such list to show, and never had one."""
        return reply.status in {404, 405} and path not in self._shown

    async def get(
        self, path: str, name: str | None, read: Callable[[], Awaitable[list[Listed]]]
    ) -> WholeList:
        """The list, as new as this item needs it; without a name as new as can be."""
        now = time.monotonic()
        news = _NO_NEWS if name is None else self._news.get(name, _NO_NEWS)
        since = now if name is None else max(news.touched, now - FRESH)
        async with self._locks[path]:
            held = self._held.get(path)
            # Older than the news that there is an item of this name?
            lacks = held and held.began < news.contested and not held.named(name or "")
            if held is None or held.began < since or lacks:
                began = time.monotonic()
                held = self._held[path] = WholeList(began, await read())
                self._shown.add(path)
                # It may be large: not kept for longer than it is believed, nor beside a newer one.
                asyncio.get_running_loop().call_later(FRESH, self._forget, path, began)
            return held

    def _news_of(self, name: str) -> _News:
        """To be changed. What is older than any list that is believed is forgotten."""
        now = time.monotonic()
        news = self._news.setdefault(name, _News())
        news.latest = now
        self._news.move_to_end(name)
        while next(iter(self._news.values())).latest < now - FRESH:
            self._news.popitem(last=False)
        return news

    def _forget(self, path: str, began: float) -> None:
        held = self._held.get(path)
        if held is not None and held.began == began:
            del self._held[path]


def unlisted(lists: WholeLists, path: str, name: str | None, reply: Reply) -> list[Listed] | None:
    """What a VTN that never shows this list has told of an item; None where this is not so.

    Such a VTN refuses a second item of a name, so that a POST is the look-up there.
    """
    if name is None or not lists.is_hidden(path, reply):
        return None
    told = lists.told(name)
    return [Listed(told, name, None, None, msgspec.json.encode({"id": told}))] if told else []
