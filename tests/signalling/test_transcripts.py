"""The golden transcripts, played against the broker's state machines."""

from pathlib import Path

import pytest
from tests.support.transcript import Player, main

TRANSCRIPTS = sorted((Path(__file__).parent.parent / "transcripts").glob("*.txt"))


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_broker_follows_the_transcript(path: Path) -> None:
    player = Player(path)

    player.play()

    assert player.script == player.expected


def test_recording_writes_the_responses(tmp_path: Path) -> None:
    path = tmp_path / "ping.txt"
    path.write_text('@0 alice opens\nalice > {"type": "ping"}\n')

    main(["--record", str(path)])

    assert path.read_text() == '@0 alice opens\nalice > {"type": "ping"}\nalice < {"type": "pong"}\n'


def test_playing_a_wrong_transcript_fails(tmp_path: Path) -> None:
    path = tmp_path / "ping.txt"
    path.write_text('@0 alice opens\nalice > {"type": "ping"}\n')

    with pytest.raises(SystemExit, match=r"ping\.txt differs from what happens"):
        main([str(path)])
