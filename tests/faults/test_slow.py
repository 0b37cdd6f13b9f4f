"""F12, short form: who trickles, is silent or never reads is let go, and others go on recording meanwhile."""

from pathlib import Path

from tests.faults import f12_slow


def test_slow_and_silent_clients_are_let_go_and_hurt_nobody(tmp_path: Path) -> None:
    told = f12_slow.run(tmp_path, each=8, scale=0.15, slack_s=20.0)
    assert told["upload_rate_kept"] > 0
