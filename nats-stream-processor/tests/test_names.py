"""What a model can be called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats_stream_processor.names import HubModel, folder_or_hub_model, model_name, onnx_file

LETTERS_OF_PATHS = "ab0._-/\\@~:%\n\x00 é"


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("own/er", HubModel("own/er", None)),
        (
            "onnx-community/twitter-roberta-base-sentiment-ONNX",
            HubModel("onnx-community/twitter-roberta-base-sentiment-ONNX", None),
        ),
        ("own/er@main", HubModel("own/er", "main")),
        ("own/er@refs/pr/1", HubModel("own/er", "refs/pr/1")),
        ("own/er@" + "0a" * 20, HubModel("own/er", "0a" * 20)),
    ],
)
def test_a_model_of_the_hub_is_owner_and_name_and_perhaps_a_revision(name: str, model: HubModel) -> None:
    assert folder_or_hub_model(name) == model
    assert str(model) == name


@pytest.mark.parametrize("name", ["/models/mine", "./mine", "../mine", "~/mine", "."])
def test_a_folder_says_so_by_how_it_begins(name: str) -> None:
    assert folder_or_hub_model(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            " ",
            "mine",
            "a/b/c",
            "a//b",
            "a/",
            "a/b@",
            "a/b@c@d",
            "a/b@/c",
            "a/b@../../x",
            "a/b@c/../d",
            "a/..",
            "a/.b",
        ),
        *(
            "a\\b",
            "a/b\n",
            "a/b\x00",
            "a/b c",
            "models--a/b",
            "a/b--c",
            "a/b.git",
            "-a/b",
            "a/b.",
            "é/b",
            "x" * 91 + "/model",
        ),
        *("https://hub/a/b", "file:a/b", "a/%2e%2e"),
    ],
    ids=ascii,
)
def test_what_is_neither_is_refused_with_what_to_give(name: str) -> None:
    with pytest.raises(ValueError, match=r"owner/name@revision"):
        model_name(name)


@given(st.text(LETTERS_OF_PATHS, max_size=12))
def test_no_part_of_a_name_leads_out_of_the_cache(name: str) -> None:
    try:
        model = folder_or_hub_model(name)
    except ValueError:
        return
    if isinstance(model, HubModel):
        owner, slash, called = model.repository.partition("/")
        for part in (owner, called, *(model.revision or "main").split("/")):
            assert slash
            assert part
            assert not part.startswith(".")
            assert not set(part) & set("/\\@~:%\n\x00 ")


def test_the_embedded_model_is_a_name_too() -> None:
    assert model_name("embedded") == "embedded"


@pytest.mark.parametrize("path", ["model.onnx", "onnx/model_int8.onnx", "a/b/c-d.e.onnx"])
def test_a_file_is_a_path_inside_the_model(path: str) -> None:
    assert onnx_file(path) == path


@pytest.mark.parametrize(
    "path",
    ["", ".onnx", "/model.onnx", "../model.onnx", "a/../model.onnx", "a//b.onnx", "a\\b.onnx", "model.bin", "*.onnx"],
)
def test_a_file_outside_the_model_or_of_another_kind_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"inside the model"):
        onnx_file(path)
