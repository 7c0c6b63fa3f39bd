"""What a link says of a comparison is taken back as it was written, and what cannot be is named, whatever it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_core import ConfigError, RunConfig
from rnn_core.comparison import MAX_CONFIGS, MAX_EPOCHS_COMPARED, MAX_SEEDS
from rnn_core.config import Cell, Head, Optimizer, Task
from rnn_core.grid import DEFAULTS, FEWEST_DOTS, FEWEST_EPOCHS, GRID_KEYS, VALUES, By, Grid, parse_grid, reading
from rnn_core.link import Link, parse_link
from rnn_core.presets import MAX_DOTS, remember_across

CONFIG = RunConfig("hello", task=Task.NEXT, head=Head.LINEAR, learning_rate=0.03)

networks = st.builds(
    RunConfig,
    text=st.just(CONFIG.text),
    cell=st.sampled_from(Cell),
    head=st.just(Head.LINEAR),
    hidden_size=st.none() | st.integers(1, 128),
    num_layers=st.integers(1, 4),
    bidirectional=st.booleans(),
    optimizer=st.sampled_from(Optimizer),
    learning_rate=st.floats(1e-6, 10),
    clip_norm=st.none() | st.floats(1e-6, 1e6),
)


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    by = draw(st.sampled_from(By))
    some = (
        st.lists(st.sampled_from(VALUES[by]), min_size=1, max_size=MAX_CONFIGS, unique=True) if by in VALUES else None
    )
    grid = Grid(
        by=by,
        values=() if some is None else tuple(sorted(draw(some), key=VALUES[by].index)),
        dots=draw(st.none() | st.integers(FEWEST_DOTS, MAX_DOTS)),
        seeds=draw(st.integers(1, MAX_SEEDS)),
        epochs=draw(st.integers(FEWEST_EPOCHS, MAX_EPOCHS_COMPARED)),
        together=draw(st.booleans()),
    )
    listed = [reading(grid.base(CONFIG), network) for network in draw(st.lists(networks, max_size=MAX_CONFIGS))]
    return replace(grid, networks=tuple(dict.fromkeys(listed)))


@given(grids())
def test_a_grid_is_read_back_as_it_was_written(grid: Grid) -> None:
    assert parse_grid(grid.to_query(), CONFIG) == (grid, {})
    link = Link(epoch=7, grid=grid)
    assert parse_link(link.to_query(), CONFIG) == (link, {})


def test_the_grid_that_stands_there_at_first_says_nothing() -> None:
    assert Grid().to_query() == {}
    assert Grid().configs(CONFIG) == tuple(replace(CONFIG, cell=cell) for cell in Cell)


@pytest.mark.parametrize("by", list(VALUES))
def test_a_field_is_compared_at_the_values_chosen(by: By) -> None:
    first, second, *_others = VALUES[by]
    query = {"compare": str(by), "compare_values": f"{second},{first}"}
    grid, wrong = parse_grid(query, CONFIG)
    assert wrong == {}
    assert grid.configs(CONFIG) == tuple(replace(CONFIG, **{by: value}) for value in (first, second))


def test_dots_are_the_text_to_remember_across_with_the_seed_of_the_config() -> None:
    grid, wrong = parse_grid({"compare_dots": "30"}, replace(CONFIG, seed=5))
    assert wrong == {}
    assert grid.configs(replace(CONFIG, seed=5))[0] == replace(remember_across(30), cell=Cell.RNN, seed=5)


def test_a_listed_network_reads_the_text_that_is_compared() -> None:
    query = {"compare": "list", "compare_networks": "cell=gru&hidden_size=8&head=linear|cell=lstm", "compare_dots": "9"}
    grid, wrong = parse_grid(query, CONFIG)
    assert wrong == {}
    base = remember_across(9)
    plain = RunConfig(base.text, task=base.task)
    assert grid.configs(CONFIG) == (
        replace(plain, cell=Cell.GRU, hidden_size=8, head=Head.LINEAR),
        replace(plain, cell=Cell.LSTM),
    )


def test_a_network_whose_width_does_not_fit_the_text_gets_a_head() -> None:
    """Also where the text was changed after it was listed, and the link says it as it was."""
    network = RunConfig("noon", hidden_size=2)
    fitting = RunConfig("hello", hidden_size=2, head=Head.LINEAR)
    assert reading(RunConfig("hello"), network) == fitting
    query = Grid(by=By.LIST, values=(), networks=(network,)).to_query()
    grid, wrong = parse_grid(query, RunConfig("hello"))
    assert (grid.configs(RunConfig("hello")), wrong) == ((fitting,), {})


@pytest.mark.parametrize(
    ("grid", "sentence"),
    [
        (Grid(values=()), "cell must have 1…6 values to compare, got none"),
        (Grid(by=By.LIST, values=()), "the list must have 1…6 networks to compare, got none"),
    ],
)
def test_nothing_to_compare_is_said_in_a_sentence(grid: Grid, sentence: str) -> None:
    with pytest.raises(ConfigError, match=f"^{sentence}$"):
        grid.configs(CONFIG)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (
            {"compare": "weather"},
            "compare must be one of cell, hidden_size, num_layers, learning_rate, optimizer, list, got 'weather'",
        ),
        ({"compare_dots": "4"}, "compare_dots must be 5…60, got '4'"),
        ({"compare_seeds": ["1", "2"]}, "compare_seeds must be given once, got 2 values"),
        ({"compare_epochs": "1e9"}, "compare_epochs must be 10…2000, got '1e9'"),
        ({"compare_together": "perhaps"}, "compare_together must be true or false, got 'perhaps'"),
        (
            {"compare": "num_layers", "compare_values": "1,9"},
            "compare_values must be at most 6 of 1, 2, 3, 4, separated by commas, got '1,9'",
        ),
        (
            {"compare": "hidden_size", "compare_values": "2,4,8,16,32,64,128"},
            "compare_values must be at most 6 of 2, 4, 8, 16, 32, 64, 128, separated by commas, "
            "got '2,4,8,16,32,64,128'",
        ),
        (
            {"compare": "list", "compare_values": "rnn"},
            "compare_values must come with a field to compare by, got a list",
        ),
        ({"compare_networks": "cell=gru|" * 6 + "cell=gru"}, "compare_networks must be 1…6 networks, got 7"),
        ({"compare_networks": "cell=gru|cell=foo"}, "cell must be one of rnn, gru, lstm, got 'foo'"),
        ({"compare_networks": "cell=gru&cell=rnn"}, "cell must be given once, got 2 values"),
        ({"compare_networks": "x" * 5_000}, None),
        ({"compare_networks": "text=abc"}, None),
        ({"compare_networks": ""}, None),
        ({"compare_networks": "%zz&&=;"}, None),
    ],
)
def test_what_cannot_be_is_named_and_the_default_stands(query: dict[str, object], sentence: str | None) -> None:
    grid, wrong = parse_grid(query, CONFIG)
    (said,) = wrong.values()
    assert len(said) < 250
    assert sentence is None or said == sentence
    by = grid.by
    assert grid == Grid(by=by, values=tuple(DEFAULTS[by]))


@given(
    st.dictionaries(
        st.sampled_from(GRID_KEYS), st.text(max_size=40) | st.lists(st.text(max_size=5), max_size=3) | st.just("list")
    )
)
def test_no_query_does_more_harm_than_a_sentence(query: dict[str, object]) -> None:
    grid, wrong = parse_grid(query, CONFIG)
    assert wrong.keys() <= query.keys()
    assert parse_grid(grid.to_query(), CONFIG) == (grid, {})
