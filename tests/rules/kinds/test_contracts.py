"""Each contract is found by its kind, though its module is imported for its group alone."""

from importlib import import_module
from pkgutil import iter_modules

from rules.kinds import contracts


def test_every_contract_is_found() -> None:
    names = {one.name for one in iter_modules(contracts.__path__)} - {"clauses"}
    modules = [import_module(f"rules.kinds.contracts.{name}") for name in sorted(names)]
    assert len(modules) == 5
    for module in modules:
        for (group, kind, version), contract in module.CONTRACTS.items():
            assert contracts.find_contract(group, kind, version) is contract


def test_other_groups_have_none() -> None:
    assert contracts.find_contract("apps", "Deployment", "v1") is None
    assert contracts.find_contract("ray.io", "RayTask", "v1") is None
