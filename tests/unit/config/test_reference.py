"""The page of reference names every key and is the one that the models make."""

from __future__ import annotations

from pathlib import Path

from config import reference
from config.access import Principal
from config.fields import Section
from config.settings import Settings

PAGE = Path(__file__).resolve().parents[3] / "docs/configuration.md"


def test_the_page_is_what_the_models_make() -> None:
    assert PAGE.read_text() == reference.reference(), "python -m config.reference > docs/configuration.md"


def test_every_field_of_every_model_is_documented() -> None:
    named = {path.rpartition(".")[2] for path in reference.documented_paths()}
    models: list[type[Section]] = [Settings, *Section.__subclasses__()]
    for model in models:
        if model is Principal:
            continue
        for name, info in model.model_fields.items():
            assert info.alias in named, f"{model.__name__}.{name}"


def test_every_path_has_one_row_on_the_page() -> None:
    page = PAGE.read_text()
    for path in reference.documented_paths():
        assert page.count(f"\n| `{path}`") == 1, path
