"""The words that carry a question, with other small words around them: so that a model learns by which words to know it."""

from random import Random

from training.data.everyday import NOUNS
from training.data.noise import as_typed
from training.data.words import random_word

_SMALL = set(
    """a an the is are was were be been am do does did done i you he she it we they me my your our its this that these those there here
to of in on at for from by with about into and or but if so then than as how what which who where when why can could will would shall should
may might must please tell explain give say show not no any some have has had get got s t m re whats""".split()
)
_FILLERS = """could;could one;I suppose;somehow;in our case;for the team;with that;where would;at all;would;should;then;here;right now;any;some;
the;a;my;our;its;that;of yours;of mine;you know;you said;please;when;while;whenever;from;into;about;exactly;really;possible;best;good;
thing;stuff;way;idea;help;need;want;try;know;think;see;find;look;wonder;question;maybe;perhaps;what;how;which;why;who;where;does;do;is;
are;was;can;may;must;shall;will;in which case;suppose;say;let me;tell;explain;describe;give;show;mean;means;called;used;actually;simply;
for me;for us;to me;on this;in there;with you;by hand;all;every;one;another;two;several;first;next;last;again;now;later;today;
after;before;between;without;inside;outside;against;during;and;or;but;so;because;I;you;we;they;it;this;me;somebody;people;users;
I heard;I read;I see;I'd say;it seems;they told me;as far as;how come;what if;is it;are there;do we;can we;did you;have you;has it;
good for;role of;sort of;kind of;part of;point of;name of;use of;up;down;out;off;over;through;around;already;still;yet;just;only;even""".replace(
    "\n", ""
).split(";")


def scrambled(rng: Random, wording: str) -> str:
    carrying = [word for word in wording.rstrip("?.!").split() if word.strip(",'").casefold() not in _SMALL]
    if not carrying:
        return as_typed(rng, wording)
    if rng.random() < 0.35:
        rng.shuffle(carrying)
    words = _fillers(rng)
    for word in carrying:
        words += [word, *_fillers(rng)]
    text = " ".join(words)
    return as_typed(rng, text[:1].upper() + text[1:] + rng.choice(["?", "?", ".", ""]), extras=rng.random() < 0.3)


def _fillers(rng: Random) -> list[str]:
    return [_filler(rng) for _ in range(rng.choice((0, 0, 1, 1, 2)))]


def _filler(rng: Random) -> str:
    chance = rng.random()
    if chance < 0.8:
        return rng.choice(_FILLERS)
    return rng.choice(NOUNS) if chance < 0.9 else random_word(rng)
