"""Sums, differences and products of small numbers, in digits and words, and what is too much for a small model."""

from random import Random

from training.data.names import Exchange, Memory
from training.data.noise import as_typed
from training.data.wording import expand, fill, say

_ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen""".split()
_TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()
_SIGNS = {
    "+": ["+", "+", "+", " + ", " + ", " plus ", " plus ", " and ", " added to "],
    "-": ["-", "-", " - ", " - ", " minus ", " minus ", "−", " − ", " – ", " take away ", " less "],
    "*": ["*", "*", " * ", "x", " x ", " times ", " times ", " multiplied by ", "×", " × "],
    "/": ["/", " / ", ":", " divided by ", " divided by ", " ÷ ", "÷"],
}
_ASK = [
    "<sum>",
    "<sum>?",
    "<sum>=",
    "<sum> = ?",
    "<sum> =",
    "{what is|what's|whats|how much is|what makes|how much makes} <sum>?",
    "{calculate|compute|solve|work out|add up|do|evaluate} <sum>{.|}",
    "{can you|could you|please} {calculate|compute|solve|work out|do|tell me} <sum>?",
    "{what|how much} {do|does} <sum> {make|equal|give|come to}?",
    "what {is the result of|do you get for|is the answer to|is the value of|would be} <sum>?",
    "<sum> {is|equals|makes|gives}?",
    "<sum> is {what|how much}?",
    "{tell me|give me|I need|I want to know|do you know} {what|how much} is <sum>",
    "{and|now|next|ok|then} <sum>?",
    "{I need|give me|what about|how about|try|and what is} <sum>",
    "{quick|simple|math|easy|maths} {question|sum|test}: <sum>",
    "{can you do maths|can you count|let's do some maths|here's a sum|are you good at maths}? <sum>",
    "what's the {answer|result}: <sum>",
]
_WORDED = {
    "+": [
        "what is the sum of <a> and <b>?",
        "{add|sum up} <a> and <b>",
        "add <b> to <a>",
        "I have <a> {apples|coins|books|euros|eggs} and {get|buy|find} <b> more, how many do I have{ now|}?",
        "if I have <a> {apples|coins|books|dollars|cats} and {get|buy|find} <b> more, how many are there?",
        "<a> {apples|cows|books} and <b> {apples|cows|books}, how many{ in all| together|}?",
        "{how much|what} is <b> more than <a>?",
    ],
    "-": [
        "what is the difference {of|between} <a> and <b>?",
        "subtract <b> from <a>",
        "take <b> {away|} from <a>",
        "I have <a> {apples|coins|books|euros|eggs} and {lose|eat|sell|give away} <b>, how many {are left|do I have|remain}?",
        "if I have <a> {apples|coins|dollars|cakes} and {lose|spend|give away} <b>, how many {are left|do I have left}?",
        "{how much|what} is <b> less than <a>?",
    ],
    "*": [
        "what is the product of <a> and <b>?",
        "multiply <a> {by|and|with} <b>",
        "<a> {boxes|bags} with <b> {eggs|pens} each, how many {eggs|pens}?",
    ],
    "/": ["divide <a> by <b>", "what do you get if you divide <a> by <b>?"],
}
_TOO_MUCH = [
    "<sum> is too much for me: I only do small sums, like 12 + 30. A larger model, or a calculator, can do it.",
    "I only learned sums of numbers below 100 and small times tables. For <sum> please take a calculator.",
]


def in_words(number: int) -> str:
    if number < 20:
        return _ONES[number]
    if number >= 100:
        return str(number)
    return _TENS[number // 10] + ("" if number % 10 == 0 else "-" + _ONES[number % 10])


def small_sum(rng: Random, memory: Memory) -> Exchange:
    """Numbers below 100; products up to 12 times 12."""
    sign = rng.choices("+-*/", (5, 4, 2, 0.6))[0]
    if sign in "+-":
        top = rng.choice((10, 20, 100, 100, 100))
        a, b = rng.randrange(top), rng.randrange(top)
        if sign == "-" and a < b and rng.random() < 0.9:
            a, b = b, a
    else:
        a, b = rng.randrange(13), rng.randrange(13)
        if sign == "/":
            b = max(b, 1)
            a *= b
    return _asked(rng, a, sign, b), worked_out(a, sign, b)


def worked_out(a: int, sign: str, b: int) -> str:
    """The sum with steps between, each of which looks at single digits: a small model has to write them down."""
    steps = [f"{a} {sign} {b}"]
    if sign == "+":
        steps += _added(a, b)
    elif sign == "-" and a < b:
        steps += [f"-({step})" for step in (f"{b} - {a}", *_subtracted(b, a)[:-1])] if max(a, b) > 9 else []
        steps.append(str(a - b))
    elif sign == "-":
        steps += _subtracted(a, b)
    else:
        steps.append(str(a * b if sign == "*" else a // b))
    return " = ".join(steps) + "."


def _added(a: int, b: int) -> list[str]:
    """Tens and ones: 47 + 38 = 70 + 15 = 85."""
    tens, ones = a // 10 * 10 + b // 10 * 10, a % 10 + b % 10
    between = [f"{tens} + {ones}"] if tens and ones else []
    return [*between, str(a + b)]


def _subtracted(a: int, b: int) -> list[str]:
    """Past the next ten and back where the ones don't suffice: 83 - 19 = 83 - 20 + 1 = 63 + 1 = 64."""
    if a % 10 >= b % 10 or a < 20:
        return [str(a - b)]
    ten, back = (b // 10 + 1) * 10, 10 - b % 10
    return [f"{a} - {ten} + {back}", f"{a - ten} + {back}", str(a - b)]


def three_terms(rng: Random, memory: Memory) -> Exchange:
    a, b, c = (rng.randrange(10) for _ in range(3))
    space = rng.choice(["", " "])
    plus = rng.choice(["+", "+", "plus"])
    space = " " if plus == "plus" else space
    message = fill(
        as_typed(rng, expand(rng, rng.choice(_ASK)), extras=False),
        {"sum": f"{space}{plus}{space}".join(map(str, (a, b, c)))},
    )
    return message, f"{a} + {b} + {c} = {a + b} + {c} = {a + b + c}."


def too_much(rng: Random, memory: Memory) -> Exchange:
    chance = rng.random()
    if chance < 0.7:
        a, b = (
            rng.randrange(100, 100_000 if rng.random() < 0.5 else 1000),
            rng.randrange(13, 10_000 if rng.random() < 0.5 else 1000),
        )
        if rng.random() < 0.3:
            a, b = b, a
        sign = rng.choice("+-**/")
    else:
        a, b, sign = rng.randrange(13, 100), rng.randrange(13, 100), "*"
    return fill(as_typed(rng, expand(rng, rng.choice(_ASK)), extras=False), {"sum": f"{a} {sign} {b}"}), say(
        rng, _TOO_MUCH, sum=f"{a} {sign} {b}"
    )


def _asked(rng: Random, a: int, sign: str, b: int) -> str:
    worded = rng.random() < 0.15
    left, right = _written(rng, a), _written(rng, b)
    if worded:
        wording = as_typed(rng, expand(rng, rng.choice(_WORDED[sign])), extras=False)
        return fill(wording, {"a": left, "b": right})
    between = rng.choice(_SIGNS[sign])
    if not between.startswith(" ") and not (left.isdigit() and right.isdigit()):
        between = {"+": " plus ", "-": " minus ", "*": " times ", "/": " divided by "}[sign]
    wording = rng.choice(_ASK if rng.random() < 0.7 else _ASK[:6])
    return fill(as_typed(rng, expand(rng, wording), extras=rng.random() < 0.3), {"sum": f"{left}{between}{right}"})


def _written(rng: Random, number: int) -> str:
    if rng.random() < 0.2 and number < 100:
        words = in_words(number)
        return words if rng.random() < 0.7 else words.replace("-", " ")
    return str(number)
