"""One scene and its package for all tests that only read them."""

import json
from pathlib import Path

import pytest

from tests.evidence.scene import Scene
from tocsin.evidence.verify import Trust


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("scene"), restart_at=5)


@pytest.fixture(scope="session")
def made(scene: Scene) -> Path:
    return scene.package()


@pytest.fixture(scope="session")
def trust(scene: Scene) -> Trust:
    return Trust.read(json.dumps(scene.trust()).encode())
