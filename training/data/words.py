"""Names and words to be copied: real ones, and random ones, so that copying is learned and not the words."""

from random import Random

FIRST_NAMES = """Anna Ben Carla David Emma Felix Grace Hugo Ida Jonas Kate Liam Mia Noah Olivia Paul Quinn Rosa Sam Tina
Ulla Victor Wendy Xenia Yusuf Zoe Ahmed Bianca Chen Dmitri Elena Fatima Giorgio Hana Ivan Jamal Kofi Lena Mateo
Nadia Omar Priya Rafael Sofia Tomas Uma Vera Wei Yara Zain Alex Bob Chris Dan Eve Frank Gina Harry Iris Jack Kim
Leo Max Nina Oscar Peter Rita Steve Tom Vicky Will Amy Bella Carlos Diana Eric Fiona George Helen Igor Julia Karl
Laura Mark Nora Otto Petra Ralf Sarah Theo Ursula Walter Andy Becky Charlie Daisy Ed Flora Greg Holly Isaac Jane
Kevin Lucy Mike Nick Oliver Phil Rob Sue Tim Vince Zack Ann John Mary James Linda Robert Susan Michael Karen
William Lisa Richard Nancy Thomas Betty Daniel Sandra Matthew Ashley Anthony Donna Andrew Carol Joshua Ruth Brian
Sharon Ryan Cindy Jacob Kathy Nathan Amir Aisha Bjorn Celine Diego Esra Franz Gustav Hassan Ingrid Jorge Keiko
Luca Maria Nikos Olga Pablo Rania Sven Tariq Ute Wanda Yuki Zara Kai Ravi Sanjay Mei Ling Tao Juan Pedro Lola""".split()

FOREIGN_NAMES = """Zoë José Björn Łukasz Müller Chloé Søren Ñandú Jürgen Renée Ólafur Žofia Gülsen François Ольга Иван Анна
Сергей 李雷 王芳 美咲 健太 小明 김민수 지우 محمد فاطمة दीपा राम Δημήτρης Ελένη אדם நிலா""".split()

_ONSETS = "b bl br c ch cl cr d dr f fl fr g gl gr h j k kl kr l m n p pl pr qu r s sch sh sk sl sm sn sp st str t th tr v w x y z zh".split()
_VOWELS = "a e i o u a e i o u ai au ea ee ei ie io oa oo ou y".split()
_CODAS = [
    "",
    "",
    "",
    "",
    "b",
    "ck",
    "d",
    "ff",
    "g",
    "k",
    "l",
    "ll",
    "m",
    "n",
    "nd",
    "ng",
    "nt",
    "p",
    "r",
    "rk",
    "rt",
    "s",
    "sk",
    "st",
    "t",
    "tz",
    "x",
    "z",
]
_CJK = "春夏秋冬山川海空雪花月星林森田中木小大明光美文心天地人口手目水火土金石竹米青白红黑东西南北上下左右前后"
_CYRILLIC = "абвгдежзиклмнопрстуфхцчшыюя"


def random_word(rng: Random) -> str:
    """A word that nobody knows, in small letters."""
    word = "".join(
        rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS)
        for _ in range(rng.choice((1, 1, 2, 2, 2, 3)))
    )
    if len(word) < 3:
        word += rng.choice(_ONSETS) + rng.choice(_VOWELS)
    return word[:12]


def random_name(rng: Random) -> str:
    """A name as somebody may write it: real or made up, of one word or two, in any case."""
    name = _adorned(rng, _plain_name(rng))
    chance = rng.random()
    if chance < 0.28:
        return name.lower()
    if chance < 0.31:
        return name.upper()
    return name


def _plain_name(rng: Random) -> str:
    chance = rng.random()
    if chance < 0.25:
        return rng.choice(FIRST_NAMES)
    if chance < 0.28:
        return rng.choice(FOREIGN_NAMES)
    if chance < 0.30:
        return _foreign(rng)
    return random_word(rng).capitalize()


def _adorned(rng: Random, name: str) -> str:
    chance = rng.random()
    if chance < 0.06:
        return name + " " + random_word(rng).capitalize()
    if chance < 0.09:
        return name + "-" + rng.choice(FIRST_NAMES)
    if chance < 0.10:
        return rng.choice(["Dr. ", "Mr. ", "Captain ", "Mrs. ", "Professor "]) + name
    if chance < 0.12:
        return name + str(rng.randrange(100))
    if chance < 0.13:
        return name[:1] + "." + rng.choice("ABCDEFGHJKLMNPRSTVW")
    if chance < 0.14:
        name = _prefixed(rng, name)
    elif chance < 0.15:
        name = _handle(rng)
    return name


def _handle(rng: Random) -> str:
    return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz_0123456789") for _ in range(rng.randrange(4, 10)))


def _prefixed(rng: Random, name: str) -> str:
    return rng.choice(["O'", "Mc", "De", "Van "]) + name


def random_thing(rng: Random) -> str:
    """One or two words to be copied."""
    chance = rng.random()
    if chance < 0.6:
        return random_word(rng)
    if chance < 0.75:
        return random_word(rng) + " " + random_word(rng)
    if chance < 0.85:
        return random_word(rng).capitalize()
    if chance < 0.95:
        return rng.choice(["the ", "a ", "my ", "some ", "old ", "blue ", "big ", "new "]) + random_word(rng)
    return _foreign(rng)


def _foreign(rng: Random) -> str:
    letters = rng.choice((_CJK, _CJK, _CYRILLIC))
    size = rng.randrange(2, 4) if letters is _CJK else rng.randrange(3, 8)
    return "".join(rng.choice(letters) for _ in range(size))
