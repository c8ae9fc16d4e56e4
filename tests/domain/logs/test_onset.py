import random

from bot.domain.logs.onset import main_part, scan


def test_a_burst_is_found_where_it_is() -> None:
    counts = [1, 0, 2, 1] * 20 + [9, 11, 8, 12, 9] + [1, 0, 1, 2] * 10

    found = scan(counts)

    assert found.start == 80
    assert found.end in {85, 86}


def test_even_lines_have_no_burst_worth_naming() -> None:
    draw = random.Random(11)  # noqa: S311 - counts for a test
    counts = [sum(draw.random() < 0.3 for _ in range(10)) for _ in range(120)]

    assert scan(counts, before=(3_000, 1_000.0)).score < 6


def test_a_step_is_found_within_two_bins_in_nine_of_ten_series() -> None:
    draw = random.Random(5)  # noqa: S311 - counts for a test
    near = 0
    for _ in range(30):
        step = draw.randint(20, 90)
        counts = [_poisson(draw, 1.0 if place < step else 4.0) for place in range(110)]
        near += abs(scan(counts).start - step) <= 2

    assert near >= 27


def _poisson(draw: random.Random, mean: float) -> int:
    return sum(draw.random() < mean / 50 for _ in range(50))


def test_nothing_is_nowhere() -> None:
    assert scan([]).score == 0
    assert scan([0, 0, 0]).score == 0
    assert main_part({}, apart=10) == (0, 0)


def test_a_quiet_hour_is_no_wrong_clock_but_a_few_lines_far_away_are() -> None:
    assert main_part({0: 50, 1: 50, 1_000: 60}, apart=100) == (0, 1_000)
    assert main_part({0: 500, 1: 500, 90_000: 3}, apart=100) == (0, 1)
