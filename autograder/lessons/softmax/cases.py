"""The vectors that a student's softmax is tried on."""

from __future__ import annotations

from autograder.marking.cases import Case, drawn, group

#: The lesson's own vectors, x and x2 = 50 * x; a student knows both.
X = (1.0, 2.0, 3.0)
X2 = tuple(50 * value for value in X)

THREE_NUMBERS = (
    *group(
        "three other numbers",
        (0.3, -0.2, 5.0),
        (2.0, 1.0, 3.0),
        (-1.5, 0.0, 0.5),
        (3.0, 2.0, 1.0),
    ),
)

#: Numbers of moderate size, on which exp neither overflows nor vanishes in float32.
MODERATE: tuple[Case, ...] = (
    *group("numbers in no order", (0.5, -1.25, 2.0, 0.0, -3.5), (-2.0, 4.0, 1.0, 3.5)),
    *group("numbers in descending order", (3.0, 1.0, -2.0, -4.0), (9.0, 8.5, 0.25)),
    *group("equal numbers", (2.0, 2.0, 2.0, 2.0), (-0.5, -0.5), (0.0, 0.0, 0.0)),
    *group("a single number", (0.7,), (-3.0,), (0.0,)),
    *group("two numbers", (-0.3, 1.1), (4.0, -4.0)),
    *group("negative numbers", (-1.0, -4.0, -2.5), (-8.0, -6.0, -7.0, -9.5)),
    *group("numbers far below zero", (-40.0, -41.5, -39.0), (-60.0, -60.5)),
    *group("numbers far above zero", (55.0, 60.0, 58.25), (41.0, 40.0, 42.5, 38.0)),
    *group(
        "small and large numbers together", (-30.0, 0.0, 30.0, 29.5, 0.001), (40.0, -40.0, 38.5)
    ),
    *group("numbers that are nearly equal", (1.0, 1.001, 0.999), (1e-4, -1e-4, 0.0)),
    drawn("many numbers", 12, 3.0, seed=1),
    drawn("many numbers", 40, 5.0, seed=2),
    drawn("many numbers", 7, 20.0, seed=3),
    drawn("many numbers", 41, 4.0, seed=7),
    *group("several largest numbers", (2.0, 2.0, -1.0, 0.5), (1.0, 3.0, 0.0, 3.0, 1.0, 3.0)),
)

#: Numbers on which exp overflows, or vanishes for all of them.
EXTREME: tuple[Case, ...] = (
    *group(
        "numbers so large that exp of them overflows",
        (100.0, 0.0, -100.0),
        (89.0, 88.0, 90.0),
        (88.5, 88.5, 88.5),
        (95.0, 20.0, 94.0),
        (205.0, 203.0, 204.5, 120.0),
        (1001.0, 1000.0, 1002.5),
    ),
    *group(
        "very large numbers that are nearly equal",
        (10000.0, 9999.0, 9997.5),
        (9998.0, 10000.0, 9999.5, 9999.75),
    ),
    *group(
        "very negative numbers",
        (-10000.0, -10003.0, -9999.0),
        (-104.0, -105.5, -103.25),
        (-900.0, -901.0),
    ),
    *group("equal numbers, all very negative", (-10000.0, -10000.0, -10000.0), (-500.0, -500.0)),
    *group("equal numbers, all very large", (10000.0, 10000.0), (300.0, 300.0, 300.0, 300.0)),
    *group("a single number, very large or very negative", (10000.0,), (-10000.0,), (89.0,)),
    *group(
        "very large and very negative numbers together",
        (10000.0, -10000.0, 0.0, 9999.0),
        (-10000.0, 10000.0, 9998.5),
        (-200.0, 700.0, 699.0, -5.0, 698.5),
        (0.0, -300.0, -1.0),
        (150.0, -250.0, 148.0, 0.0),
    ),
    *group(
        "one number far above the others",
        (0.0, 1.0, 2.0, 3.0, 400.0),
        (400.0, 3.0, 1.0, 2.0, 0.0),
        (0.0, 1.0, 500.0, 2.0, -1.0),
        (3.0, -2.0, 0.5, 1.0, 0.0, 2.0, 900.0, 1.5, -4.0, 0.25, 2.5),
        (1.0, 300.0, 2.0, 650.0, 3.0, 340.0, 2.0),
        (0.0, 1.0) * 10 + (400.0,) + (2.0, 1.0) * 10,
    ),
    *group("several largest numbers", (700.0, 2.0, 700.0, -1.0), (-900.0, -905.0, -900.0)),
    *group(
        "numbers beyond ten thousand", (30000.0, 29999.0, 29997.5), (-30000.0, -30001.5, -29999.0)
    ),
    # A wider type has room for a wrong shift: up to 709 in float64, up to 11356 in long double.
    *group(
        "numbers that are very far apart",
        (-60000.0, 60000.0, 0.0),
        (-1e6, -2e5, -3e5, -9e5),
        (0.0, 1e6, -1e6),
    ),
    drawn("many large numbers", 16, 40.0, seed=4, centre=3000.0),
    drawn("many large numbers", 9, 2500.0, seed=5),
    drawn("many large numbers", 41, 2000.0, seed=8),
    drawn("many very negative numbers", 11, 30.0, seed=6, centre=-2000.0),
    Case((86.0,) * 40, "many equal numbers whose exps overflow when they are added up"),
)

#: Long ones, the second with its largest number in the middle.
VERY_LARGE: tuple[Case, ...] = (
    drawn("very many large numbers", 150, 2000.0, seed=8),
    Case((0.0, 1.0) * 37 + (400.0,) + (2.0, 1.0) * 37, "one number far above very many others"),
)
