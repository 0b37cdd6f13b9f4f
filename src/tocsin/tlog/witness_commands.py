"""`tocsin witness`: thin. Apart from `tocsin log`, so that a witness, which only answers, loads nothing that asks."""

from pathlib import Path
from threading import Event, Thread

import click

from tocsin.clock import SystemClock
from tocsin.store import disk
from tocsin.store.blobs import DiskBlobs
from tocsin.tlog import witness_settings
from tocsin.tlog.silence import Silence
from tocsin.tlog.witness import Witness
from tocsin.tlog.witness_server import WitnessServer
from tocsin.tlog.witness_state import WitnessState
from tocsin.wake import Alarm, ways

CONFIG = click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=Path("witness.toml"),
    show_default=True,
    help="The witness's TOML file.",
)


@click.group()
def witness() -> None:
    """Watch other people's logs: cosign what only ever grows, keep proof of what does not."""


@witness.command("new-key")
@CONFIG
def witness_new_key(config: Path) -> None:
    """Make this witness's key and its empty state, once."""
    settings, clock = witness_settings.load(config), SystemClock()
    witness_settings.new_key(Path(settings.key_file), clock)
    WitnessState.begin(DiskBlobs(Path(settings.state_dir)), clock.now_ms())
    _print_keys(settings)


@witness.command("show")
@CONFIG
def witness_show(config: Path) -> None:
    """Print this witness's verifier keys, the newest head of each log it follows, and the forks it keeps."""
    settings = witness_settings.load(config)
    _print_keys(settings)
    state = WitnessState.load(DiskBlobs(Path(settings.state_dir)))
    for origin in state.origins:
        head = state.newest(origin)
        click.echo(f"{origin}: {head.checkpoint.size if head else 0} entries cosigned")
    click.echo(f"forks kept: {len(state.forks())}")
    if state.times_lost:
        click.echo("This witness lost its state once and was started anew: it vouches for nothing before that.")


@witness.command("serve")
@CONFIG
@click.option(
    "--accept-lost-state", is_flag=True, help="Start without the state that was there. Once; tell those who rely on it."
)
def witness_serve(config: Path, accept_lost_state: bool) -> None:
    """Answer add-checkpoint requests until told to stop."""
    import uvicorn

    settings, clock = witness_settings.load(config), SystemClock()
    blobs = DiskBlobs(Path(settings.state_dir))
    # Two witnesses on one state would each sign what the other has not seen. Held until the process dies.
    disk.hold(Path(f"{settings.state_dir}.lock"))
    if accept_lost_state and not blobs.exists("state.json"):
        WitnessState.begin(blobs, clock.now_ms(), after_loss=True)
    state = WitnessState.load(blobs)
    watched = Witness(witness_settings.read_key(settings), settings.log_keys, state, clock)
    alarm = Alarm(ways(settings.wake_command, settings.wake_url))
    silence, over = Silence(watched.origins, settings.silent_minutes, clock, alarm), Event()
    server = WitnessServer(watched, silence)
    Thread(target=silence.watch, args=(over,), daemon=True).start()
    host, port = settings.address
    uvicorn.run(
        server, host=host, port=port, access_log=False, log_level="warning", server_header=False, limit_concurrency=64
    )


def _print_keys(settings: witness_settings.WitnessSettings) -> None:
    for key in witness_settings.read_key(settings).vkeys:
        click.echo(str(key))
