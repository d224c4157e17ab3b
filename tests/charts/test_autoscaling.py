"""The charts' autoscaling in the simulation by which its windows were chosen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from charts.autoscaling.__main__ import burst, charts_own, main, outcome, pulses
from charts.autoscaling.autoscaler import Autoscaler, Direction, Load, Settings, repeated_by_every_pod, shared
from charts.autoscaling.designs import BACKLOG_OF_EVERY_POD, arrivals, backlog

AT_ONCE = Direction(window=0, pods=10, period=15)


def test_a_burst_leaves_a_small_backlog_and_no_swinging() -> None:
    seen = outcome(charts_own())
    assert seen.peak < 10_000
    assert seen.direction_changes <= 2
    assert seen.backlog[-1] == 0


def test_a_backlog_that_every_pod_exports_as_its_own_swings() -> None:
    seen = outcome(BACKLOG_OF_EVERY_POD)
    assert (seen.peak, seen.direction_changes) == (30_150, 7)


@pytest.mark.parametrize("steady", [0, 10, 30, 60, 100, 140])
def test_whatever_the_steady_load_nothing_swings(steady: float) -> None:
    assert outcome(charts_own(), load=burst(steady, height=150)).direction_changes <= 2


def test_bursts_that_come_every_five_minutes_are_waited_for() -> None:
    assert outcome(charts_own(), load=pulses(steady=30, height=150)).direction_changes == 0
    own = charts_own()
    hasty = replace(own, down=replace(own.down, window=0))
    assert outcome(hasty, load=pulses(steady=30, height=150)).direction_changes > 10


def test_a_figure_of_the_whole_asks_for_the_same_whatever_the_number_of_pods() -> None:
    loads = [Load(backlog=600, arrivals=0, pods=pods) for pods in (1, 2, 6)]
    assert {shared(backlog, 200)(load) for load in loads} == {3}
    assert {repeated_by_every_pod(backlog, 200)(load) for load in loads} == {3, 6, 18}


def autoscaler(up: Direction = AT_ONCE, down: Direction = AT_ONCE) -> Autoscaler:
    return Autoscaler(Settings([shared(arrivals, 10)], least=1, most=8, up=up, down=down))


def test_it_stays_between_the_fewest_and_the_most() -> None:
    assert autoscaler().decide(0, Load(0, 500, 4)) == 8
    assert autoscaler().decide(0, Load(0, 0, 4)) == 1


def test_what_misses_the_target_by_a_tenth_moves_nothing() -> None:
    assert autoscaler().decide(0, Load(0, 43, 4)) == 4
    assert autoscaler().decide(0, Load(0, 45, 4)) == 5


def test_a_step_waits_until_its_whole_window_asks_for_it() -> None:
    patient = autoscaler(up=Direction(window=30, pods=10, period=15))
    asked = [patient.decide(now, Load(0, load, 1)) for now, load in ((0, 10), (15, 50), (30, 40), (45, 50))]
    assert asked == [1, 1, 1, 4]


def test_steps_of_one_period_together_are_bounded() -> None:
    slow = autoscaler(down=Direction(window=0, pods=1, period=60))
    pods = 5
    asked = [pods := slow.decide(now, Load(0, 0, pods)) for now in range(0, 135, 15)]
    assert asked == [4, 4, 4, 4, 3, 3, 3, 3, 2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--capacity", "0"], "--capacity more than 0"),
        (["--burst", "-1"], "-1 is no number of posts a second"),
        (["--steady", "nan"], "nan is no number of posts a second"),
        (["--burst", "inf"], "inf is no number of posts a second"),
        (["--burst", "many"], "invalid rate value: 'many'"),
    ],
)
def test_a_load_that_cannot_be_is_refused_in_a_line(
    arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["autoscaling", *arguments])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert words in capsys.readouterr().err


def test_the_table_begins_with_the_charts_own_and_the_references_design(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["autoscaling"])
    main()
    _, own, reference, *others = capsys.readouterr().out.splitlines()
    assert own.split() == ["the", "charts'", "2,700", "1", "5.2", "0"]
    assert reference.split()[-4:-2] == ["30,150", "7"]
    assert len(others) == 12
