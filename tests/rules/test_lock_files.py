"""What a clone installs comes from the public registries, whatever the machine that wrote the lock files was set up with."""

import json

from tests.rules.lock_files import PUBLIC, hosts, lock_files, npm_lock_files, without_funding
from tests.rules.tree import ROOT


def test_lock_files_name_only_public_registries() -> None:
    assert {path.name for path in lock_files()} >= {"uv.lock", "package-lock.json", ".npmrc"}
    for path in lock_files():
        assert hosts(path.read_text()) <= PUBLIC, path.name


def test_package_lock_names_no_address_of_packages() -> None:
    """npm finds them at the registry it is told to use; `omit-lockfile-registry-resolved` keeps it so."""
    assert ROOT / "package-lock.json" in npm_lock_files()
    for path in npm_lock_files():
        packages = json.loads(path.read_text())["packages"]
        assert not [name for name, package in packages.items() if "resolved" in package], path
        assert all("integrity" in package for name, package in packages.items() if name), path


def test_funding_is_taken_out_and_nothing_else() -> None:
    before = {
        "name": "x",
        "packages": {"": {"name": "x"}, "a": {"version": "1", "funding": {"url": "https://example.org"}}},
    }
    after = json.loads(without_funding(json.dumps(before)))
    assert after == {"name": "x", "packages": {"": {"name": "x"}, "a": {"version": "1"}}}
