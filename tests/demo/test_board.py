"""What a demonstration shows at its end."""

from rich.console import Console

from demo.board import final_table
from demo.tally import Tally


def shown(randomized: int) -> list[str]:
    """Give the lines of the final table for so many randomized in each arm."""
    tally = Tally(
        screened=83,
        randomized={"COHORT_1": randomized, "COHORT_2": randomized},
        caps={"COHORT_1": 33, "COHORT_2": 33},
        epochs={"SCREENING": 83},
        treatment_ends={"COMPLETED": 40, "NOT_FIT": 2},
        study_ends={"COMPLETED": 61},
        doses={"BENMELSTOBART": 700},
        deviations={"T4": 5},
        notices={"DEVIATION": 5},
        refusals={"NOT_ELIGIBLE": 8},
    )
    console = Console(width=60, record=True, quiet=False, file=None)
    with console.capture() as capture:
        console.print(final_table(tally.rows()))
    return capture.get().splitlines()


def test_full_arms_show_33_of_33() -> None:
    """Each full arm has a line with its name and 33/33."""
    lines = [line for line in shown(33) if "33/33" in line]
    assert [arm in line for arm, line in zip(("COHORT_1", "COHORT_2"), lines, strict=True)] == [True, True]


def test_arms_that_are_not_full_show_their_count() -> None:
    """No line says 33/33 while an arm has room."""
    lines = shown(3)
    assert not any("33/33" in line for line in lines)
    assert sum(" 3/33" in line for line in lines) == 2


def test_a_group_of_several_shows_its_sum() -> None:
    """The sum of a group stands below its parts."""
    lines = shown(33)
    at = next(number for number, line in enumerate(lines) if "End of treatment" in line)
    assert "42" in lines[at + 2]
