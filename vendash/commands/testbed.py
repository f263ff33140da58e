"""The embedded VTN on its own, as its file and the command line say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from vendash.vtn.server.command import run_vtn
from vendash.vtn.server.options import read_options


async def vtn(
    config: Path | None,
    given: Mapping[str, object],
    faults: Sequence[str],
    *,
    announce: bool,
    with_stdin: bool,
) -> None:
    """Serve until told to stop; see `read_options` for the first three."""
    options = read_options(config, given, faults)
    await run_vtn(
        options.host,
        options.port,
        dialect=options.dialect,
        state_file=Path(options.state) if options.state else None,
        auth=options.auth,
        faults=options.faults,
        control=options.control,
        announce="json" if announce else "text",
        exit_with_stdin=with_stdin,
    )
