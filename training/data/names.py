"""The short-term memory: a visitor's name and things, told and asked for within the window, and honestly not known."""

import dataclasses
from collections.abc import Callable
from random import Random

from training.data.noise import as_typed
from training.data.wording import expand, fill, say
from training.data.words import random_name, random_thing, random_word

Exchange = tuple[str, str]


@dataclasses.dataclass(slots=True)
class Memory:
    """What stands in the messages of a sample so far."""

    name: str = ""
    things: dict[str, tuple[str, str]] = dataclasses.field(default_factory=dict)
    """By kind: what the kind is called (only for kinds with a noun of their own), and the value."""
    last: str = ""
    """The last message, if it is short enough to be repeated."""


_TELL_NAME = [
    "{My|my} name is <name>{.|!|}",
    "my name's <name>",
    "{I am|I'm} <name>{.|!|}",
    "{I'm|I am} {called|named} <name>.",
    "{you can|please|just|feel free to|you may} call me <name>{.|!|}",
    "call me <name>",
    "{everybody|people|my friends|everyone|they|friends} {calls|call} me <name>.",
    "{this is|it's|it is} <name>{.| here.| speaking.|!}",
    "<name> here{.|!|}",
    "{the|my} name is <name>{.| by the way.|, nice to meet you.|, what's up?}",
    "{my name|the name}: <name>",
    "<name> is my name.",
    "<name> is {what|how} {people|they} call me.",
    "I go by <name>.",
    "for the record, my name is <name>",
    "remember my name: <name>",
    "{please remember|remember|don't forget|note|keep in mind} that {my name is|I'm|I am} <name>.",
    "{let me introduce myself|I should introduce myself|allow me to introduce myself}{:|,|.} {I'm|I am|my name is} <name>.",
    "I want you to {call me|know my name:} <name>.",
    "{my|my first|my full|my real} name is <name>, {remember that|remember it|don't forget it|ok?}",
    "{you are|you're} talking to <name>.",
    "I'm <name>, {nice|pleased|glad|good} to meet you{.|!}",
    "{it's me|me}, <name>{.|!}",
    "name's <name>",
    "my {parents|mother|father} named me <name>.",
    "I was {named|called} <name>.",
    "you {are|'re} {speaking|chatting|talking} {with|to} <name>",
    "{people|friends|they|colleagues|my parents|others|everybody|strangers|kids} {call|name|greet|know|address} me {|as |with }<name>{.| usually.| every day.|, you too can.|}",
    "{you can|you should|better|please|feel free to|kindly|just|simply|go ahead and} {call|name|greet|address} me {|as |with }<name>{.|!|}",
    "{the|my} {name|first name|whole name|nickname|name here} {is|is simply|was always|will be|remains|reads|must be|shall be|has always been} <name>{.|!| and nothing else.|, as you see.|}",
    "<name> {is|was|will be} {the name|my first name|my nickname|the right name|the name I use|who I am|the one who writes|how I introduce myself}.",
    "{hi|hello|hey|good day|welcome}, {here is|here's|this is|it's|you have} <name>{.|!| again.| on the line.| with a question.}",
    "{I'm|I am} {usually|often|always|simply|just|officially|really|still|better} {called|known as|named|addressed as} <name>.",
    "{my|the} {mother|family|wife|teacher|doctor|passport|friends} {gave|uses|knows|writes|has} {me |}the name <name>{| for me}.",
    "{I am|I'm} {a friend|a visitor|a guest|somebody} {called|named|with the name} <name>.",
    "{it's|this is} {only|just} me, <name>{!|.|}",
    "<name>, {pleased|nice|happy|good} to {meet|see} you{!|.|}",
    "{I introduce myself|I present myself|may I introduce myself}: <name>.",
    "I {respond|listen} to <name>.",
    "you have the {pleasure|honour} of talking to <name>.",
    "the name I use is <name>.",
    "{say|use} <name> when you {talk to|mean} me.",
    "{signed|yours}, <name>",
    "<name>, {that is|which is} me.",
    "{please note|let it be known}: {I am|I'm} <name>.",
    "{my|the} nickname is <name>",
    "{I'm|I am} {your|the} {user|visitor|new one|guest} <name>.",
    "{most|many} {colleagues|neighbours|relatives} {call|named} me <name>.",
    "my {dear|old} {aunt|teacher|boss} {calls|always called} me <name>.",
    "{write down|keep|learn} my name, {it is|it's} <name>!",
    "{I am known|I'm known|I was introduced} {under the name|by the name} <name>.",
]
_GREETINGS = [
    "hi",
    "hello",
    "hey",
    "hi there",
    "good morning",
    "good evening",
    "hey there",
    "hello there",
    "hiya",
    "greetings",
    "yo",
]
_MET = [
    "Nice to meet you, <name>!",
    "Nice to meet you, <name>! What would you like to know?",
    "Hello <name>! What can I do for you?",
    "Pleased to meet you, <name>.",
    "Hello <name>, good to have you here.",
    "Welcome, <name>! Ask me about this project, a sum or a joke.",
]
_RENAME = [
    "{sorry|oh sorry|wait|no|oops|actually}, {my name is|I'm|I am|it's|I meant|call me} <name>{.|!}",
    "{actually|in fact} {my name is|I'm|it is} <name>, not <old>.",
    "{no|sorry}, I'm not <old>, {I'm|I am|my name is} <name>.",
    "{call me|please call me|better call me} <name> {instead|from now on}.",
    "I {lied|was joking|made a mistake}, {my name is|I'm} <name>.",
    "my {real|new|other} name is <name>",
]
_RENAMED = ["All right, <name> it is.", "Got it: your name is <name>.", "Thank you, <name>. I will use that name."]
ASK_NAME = [
    "{what is|what's|whats} my name?",
    "{do|can|could|would} you {know|remember|recall|tell me|say|repeat} my name?",
    "do you {still|} {know|remember|recall} {my name|what my name is|what I am called|what I'm called|who I am|me}?",
    "who am I?",
    "{tell me|say|repeat|write} my name{.|!|}",
    "what {am I|was I} called?",
    "what did I {say|tell you} my name {is|was}?",
    "{what|which} name did I {give|tell|say to} you?",
    "how am I called?",
    "my name is?",
    "{have you forgotten|did you forget} my name{ already|}?",
    "what {was|is} my name {again|once more}?",
    "and {what is|what's} my name?",
    "do you remember {who I am|what I'm called|what to call me}?",
    "what should you call me?",
    "what name do I have?",
    "{how|what} do {people|my friends} call me?",
    "I forgot my {own|} name, {what is it|can you help|do you know it}?",
    "{can|could} you {tell|remind} me {what my name is|what I'm called|who I am|of my name}?",
    "{can|could} you {remember|guess|recall} {my name|what I told you my name was}?",
    "you {know|remember} {my name|who I am}, {right|don't you}?",
    "are you able to remember my name?",
    "{quick test|test|let's see}: what's my name?",
    "with whom are you {talking|speaking}?",
    "who are you {talking|speaking|chatting} {to|with}?",
    "what do you call me?",
    "I told you my name, what {is|was} it?",
    "which name {belongs to me|is mine|do I have}?",
    "{greet me|say hello} {by|with|using} my name",
    "my name, do you {have|know|remember} it?",
    "what {is|'s} the name I {gave you|told you}?",
    "{who is|who's} {here with you|in front of you|your visitor|your guest}?",
    "what do I {go by|call myself}?",
    "{can|could} you {find|look up|see} my name?",
    "{please|} {use|give} my name{.|!|}",
    "{test|try}: {who|what name} am I?",
    "{tell|say|repeat|spell|give|recall|write|mention|show|guess|print|type|state} {|me |us |once more }{my name|what I'm called|the name I told you|my own name|who I am}{.|!|?|, please|}",
    "{do|can|could|would|will|did|have} you {know|recall|remember|repeat|spell|tell|keep|kept|catch|save|forget|learn|guess|mention|noticed} {my name|who I am|what I'm called|the name I gave|how I'm called|who I said I am}{?|, or not?|, by any chance?|}",
    "{surely|perhaps|hopefully|I hope|I guess|I'm sure|maybe|of course} you {know|remember|forgot|kept|have|learned|saved} {my name|who I am}{?|.|}",
    "{by|under|with} {what|which} name {am I known|did I introduce myself|did I come|do you greet me|are you talking to me}?",
    "my name {was|is|again|once more|now|is what|was what|please}?",
    "{what|which|whose} name {was it|is it|did you hear|did you learn|have I got|is mine|was mine|do you see}?",
    "{and|so|ok|now|well|right}, {who|what} am I {called|for you|to you|named}?",
    "{who|which person} {is writing|writes|sits here|is this|talks|speaks} {to you|with you|here}?",
    "{I want|I'd like|I need} {you to say|to hear|to see|you to repeat|you to tell me} my name{.|!|}",
    "is my name <guess>?",
    "am I <guess>?",
    "{so|ok,} {who am I|what is my name} {then|now}?",
]
_NAME_KNOWN = [
    "Your name is <name>.",
    "Your name is <name>.",
    "You are <name>.",
    "You told me: your name is <name>.",
    "Of course, you are <name>.",
]
NAME_UNKNOWN = [
    "I don't know your name. I only see the last few messages, and it isn't in them.",
    "I can't see your name: I only remember the last few messages. Tell me and I will keep it for a while.",
    "Your name isn't in the last few messages, and those are all that I can see.",
]
# Kinds of things: telling, asking, answer. A noun in <what> is copied, too.
_FAVOURITES = """colour color food animal band song film movie book sport city country season number drink fruit game
subject team flower tree month day actor singer dish dessert cheese place artist language show series author car
hobby meal snack vegetable planet bird shop toy word pizza tea dance teacher season superhero writer opera""".split()
_VALUES = {
    "colour": "blue red green yellow purple orange black white pink turquoise silver brown grey violet".split(),
    "food": "pizza;pasta;sushi;soup;bread;rice;curry;salad;noodles;pancakes;ice cream;chocolate;fish".split(";"),
    "animal": "dog cat horse elephant tiger owl penguin fox dolphin bear rabbit turtle wolf".split(),
    "number": [str(number) for number in range(1, 100)],
    "season": "spring summer autumn winter".split(),
    "sport": "football tennis chess swimming running cycling basketball hockey".split(),
    "drink": "tea coffee water juice milk cola lemonade".split(),
    "fruit": "apple banana cherry mango pear grape lemon melon".split(),
}
_VALUES["color"] = _VALUES["colour"]
_TELL: dict[str, list[str]] = {
    "favourite": [
        "my {favourite|favorite} <what> is <thing>{.|!}",
        "<thing> is my {favourite|favorite} <what>.",
        "I {like|love} <thing> more than any other <what>, it's my {favourite|favorite} <what>.",
        "my best <what> is <thing>",
        "{remember|note|remember that|please remember that} my {favourite|favorite} <what> is <thing>.",
        "the <what> I {like|love} {best|most} is <thing>.",
        "of all, my {favourite|favorite} <what> has to be <thing>",
        "when it comes to <what>, my {favourite|favorite} is <thing>",
    ],
    "pet": [
        "{I have|I've got|I own|we have} a <what> {called|named} <thing>{.|!}",
        "my <what> is {called|named} <thing>.",
        "my <what>'s name is <thing>{.|!}",
        "the name of my <what> is <thing>.",
    ],
    "live": [
        "I live in <thing>{.|!}",
        "I'm living in <thing>",
        "my home is in <thing>.",
        "{I'm|I am|I come} from <thing>.",
    ],
    "job": [
        "I work as a <thing>.",
        "my job is <thing>",
        "I am working as a <thing>.",
        "I earn my money as a <thing>.",
        "{I am|I'm} a <thing>{.| by profession.| in a small town.}",
    ],
    "like": [
        "I {like|love|really like|enjoy|adore} <thing>{.|!}",
        "I'm {a fan of|fond of|crazy about} <thing>.",
        "I am into <thing>.",
    ],
    "note": [
        "{please|} {remember|keep|note|don't forget} the {word|number|code} <thing>{.|!}",
        "the {secret|magic|} {word|number|code} is <thing>, {remember it|don't forget}.",
        "{remember|keep in mind|note} this: <thing>",
    ],
    "age": [
        "{I am|I'm} <thing> years old.",
        "my age is <thing>",
        "I turned <thing> {today|this year|last month}.",
    ],
}
_NOTED: dict[str, list[str]] = {
    "favourite": [
        "Good choice! I will remember <thing> for a while.",
        "Noted: your favourite <what> is <thing>.",
        "<thing>, I see. Noted.",
    ],
    "pet": [
        "What a nice name for a <what>: <thing>.",
        "Give <thing> my regards!",
        "Noted: your <what> is called <thing>.",
    ],
    "live": ["I have never been to <thing>, but I hope you like it there.", "Noted: you live in <thing>."],
    "job": ["Noted: you work as <thing>. That sounds interesting.", "<thing>, that sounds interesting."],
    "like": ["Good to know that you like <thing>.", "Noted: you like <thing>."],
    "note": ["I will remember <thing> for the next few messages.", "Noted: <thing>."],
    "age": ["Noted: you are <thing>.", "<thing> is a fine age."],
}
_ASK: dict[str, list[str]] = {
    "favourite": [
        "{what is|what's|whats} my {favourite|favorite} <what>?",
        "{do|can} you {know|remember|recall|tell me|say} my {favourite|favorite} <what>?",
        "do you remember {what|which} my {favourite|favorite} <what> is?",
        "which <what> do I {like|love} {best|most}?",
        "what did I say my {favourite|favorite} <what> {is|was}?",
        "{and|so} my {favourite|favorite} <what>?",
        "{can you|please} tell me my {favourite|favorite} <what>",
        "what was my {favourite|favorite} <what> again?",
        "what <what> do I {like|prefer|love}?",
        "{I told you|you know} my {favourite|favorite} <what>, {what|which} is it?",
        "which <what> did I {tell you about|praise}?",
        "my {favourite|favorite} <what> {is|was|again|please|is what}?",
        "{say|repeat|recall|remember|guess|give me|write} my {favourite|favorite} <what>{.|!|?|}",
        "what is the <what> that I {like|love|prefer}{| best| most}?",
        "so {which|what} <what> is {mine|my favourite|the one I like}?",
    ],
    "pet": [
        "what is {my <what>'s name|the name of my <what>}?",
        "what is my <what> called?",
        "{do you remember|can you tell me} {my <what>'s name|what my <what> is called|the name of my <what>}?",
        "how is my <what> called?",
    ],
    "live": [
        "where do I live?",
        "where am I from?",
        "do you {know|remember} where I {live|come from}?",
        "where did I say I live?",
        "which place do I live in?",
    ],
    "job": [
        "what {is|was} my job?",
        "what do I {do for a living|work as}?",
        "do you {remember|know} {my job|what I work as}?",
    ],
    "like": [
        "what do I {like|love|enjoy}?",
        "do you {remember|know} what I {like|love|enjoy}?",
        "what did I say I {like|love}?",
    ],
    "note": [
        "what {was|is} the {word|number|code}{ again|}?",
        "what did I {ask|tell} you to remember?",
        "{which|what} {word|number|code} did I {give|tell} you?",
        "what should you remember?",
    ],
    "age": ["how old am I?", "{what is|what's} my age?", "do you {know|remember} {my age|how old I am}?"],
}
_KNOWN: dict[str, list[str]] = {
    "favourite": ["Your favourite <what> is <thing>.", "You told me: your favourite <what> is <thing>."],
    "pet": ["Your <what> is called <thing>."],
    "live": ["You told me that you live in <thing>."],
    "job": ["You told me that you work as <thing>."],
    "like": ["You told me that you like <thing>."],
    "note": ["It is <thing>.", "You asked me to remember <thing>."],
    "age": ["You told me that you are <thing>."],
}
_UNKNOWN: dict[str, list[str]] = {
    "favourite": [
        "I don't know your favourite <what>. It isn't in the last few messages, which are all that I see.",
        "Your favourite <what> isn't in the few messages that I can see. Tell me!",
    ],
    "pet": ["I don't know the name of your <what>. It isn't in the last few messages, which are all that I see."],
    "live": ["I don't know where you live. It isn't in the last few messages, which are all that I see."],
    "job": ["I don't know your job. It isn't in the last few messages, which are all that I see."],
    "like": ["I don't know what you like. It isn't in the last few messages, which are all that I see."],
    "note": ["I don't see anything to remember in the last few messages."],
    "age": ["I don't know your age. It isn't in the last few messages, which are all that I see."],
}
_PETS = "dog cat horse hamster rabbit parrot fish snake turtle bird pony goat sister brother son daughter friend wife husband boat car plant robot guitar mother father boss teacher cousin uncle aunt baby".split()
_PLACES = "Berlin London Paris Tokyo Madrid Rome Boston Chicago Sydney Cairo Lagos Mumbai Vienna Oslo Dublin Prague Lima Toronto Seoul Hamburg Leeds Porto Spain India Canada".split()
_JOBS = "nurse;teacher;baker;driver;farmer;pilot;cook;painter;lawyer;engineer;gardener;doctor;plumber;writer;carpenter;software developer".split(
    ";"
)
_LIKES = "hiking;cheese;cats;old films;jazz;board games;trains;the sea;cooking;rain;gardening;football;coffee;reading".split(
    ";"
)
_KINDS = ["favourite"] * 9 + ["pet"] * 3 + ["live", "live", "job", "like", "like", "note", "note", "age"]
_ASK_ALL = [
    "what do you {know|remember} about me?",
    "what have I told you{ so far| about me|}?",
    "do you remember {anything|something} about me?",
    "tell me {something|what you know} about me",
    "what did I tell you about {me|myself}?",
]


def tell_name(rng: Random, memory: Memory) -> Exchange:
    name = random_name(rng)
    if memory.name and rng.random() < 0.8:
        message = fill(as_typed(rng, expand(rng, rng.choice(_RENAME))), {"name": name, "old": memory.name})
        memory.name = name
        return message, say(rng, _RENAMED, name=name)
    wording = expand(rng, rng.choice(_TELL_NAME))
    if rng.random() < 0.4:
        wording = rng.choice(_GREETINGS).capitalize() + rng.choice([", ", "! ", ". ", " "]) + wording
    message = fill(as_typed(rng, wording), {"name": name})
    memory.name = name
    return message, say(rng, _MET, name=name)


def tell_name_and_thing(rng: Random, memory: Memory) -> Exchange:
    """Both in one message, in either order."""
    name = random_name(rng)
    kind, what, thing = _new_thing(rng)
    first, second = expand(rng, rng.choice(_TELL_NAME[:8])).rstrip(".!"), expand(rng, rng.choice(_TELL[kind]))
    if rng.random() < 0.3:
        first, second = second.rstrip(".!"), first
    link = rng.choice([" and ", ", and ", ". ", ", ", " "])
    message = fill(
        as_typed(rng, first + link + second, extras=False), {"name": name, "what": what, "thing": thing}
    )
    memory.name = name
    memory.things[kind] = (what, thing)
    return message, say(rng, ["Nice to meet you, <name>! ", "Hello <name>! "], name=name) + " " + say(
        rng, _NOTED[kind], what=what, thing=thing
    )


def ask_name(rng: Random, memory: Memory) -> Exchange:
    guess = memory.name if rng.random() < 0.5 and memory.name else random_name(rng)
    message = fill(as_typed(rng, expand(rng, rng.choice(ASK_NAME))), {"guess": guess})
    if memory.name:
        return message, say(rng, _NAME_KNOWN, name=memory.name)
    return message, say(rng, NAME_UNKNOWN)


def tell_thing(rng: Random, memory: Memory) -> Exchange:
    kind, what, thing = _new_thing(rng)
    message = fill(as_typed(rng, expand(rng, rng.choice(_TELL[kind]))), {"what": what, "thing": thing})
    memory.things[kind] = (what, thing)
    return message, say(rng, _NOTED[kind], what=what, thing=thing)


def ask_thing(rng: Random, memory: Memory) -> Exchange:
    if memory.things and rng.random() < 0.8:
        kind = rng.choice(list(memory.things))
        what, thing = memory.things[kind]
        if kind in ("favourite", "pet") and rng.random() < 0.15:
            what, thing = _other(rng, kind, what), ""
    else:
        kind, what, _ = _new_thing(rng)
        told = memory.things.get(kind)
        what, thing = told if told else (what, "")
    message = fill(as_typed(rng, expand(rng, rng.choice(_ASK[kind]))), {"what": what})
    if thing:
        return message, say(rng, _KNOWN[kind], what=what, thing=thing)
    return message, say(rng, _UNKNOWN[kind], what=what)


def ask_all(rng: Random, memory: Memory) -> Exchange:
    message = as_typed(rng, expand(rng, rng.choice(_ASK_ALL)))
    parts = [say(rng, ["Your name is <name>."], name=memory.name)] if memory.name else []
    for kind, (what, thing) in memory.things.items():
        parts.append(say(rng, _KNOWN[kind][:1], what=what, thing=thing))
    if parts:
        return message, " ".join(parts)
    return message, "I know nothing about you yet: I only see the last few messages, and there is nothing in them."


def echo(rng: Random, memory: Memory) -> Exchange:
    """Say something after the visitor: practice in copying, and a thing that people try."""
    thing = rng.choice([random_thing, random_name])(rng)
    if rng.random() < 0.3:
        thing += " " + random_thing(rng)
    wording = rng.choice(
        [
            "say <thing>",
            "{please|can you|could you|} say: <thing>",
            "repeat after me: <thing>",
            "{repeat|echo|write} <thing>",
            "{can|could} you say <thing>?",
        ]
    )
    return fill(as_typed(rng, expand(rng, wording), extras=False), {"thing": thing}), thing


def last_message(rng: Random, memory: Memory) -> Exchange:
    message = as_typed(
        rng,
        expand(
            rng,
            rng.choice(
                [
                    "what {did I|have I} just {say|said|write|ask}?",
                    "what was my {last|previous} {message|question}?",
                    "{repeat|quote} my last {message|question}",
                    "what did I {say|ask|write} before{ that| this|}?",
                ]
            ),
        ),
    )
    if memory.last:
        return message, f"You wrote: “{memory.last}”"
    return message, "This is the first message that I can see."


def _new_thing(rng: Random) -> tuple[str, str, str]:
    """Its kind, what the kind is called, and the value."""
    kind = rng.choice(_KINDS)
    real = rng.random() < 0.4
    what = ""
    if kind == "favourite":
        what = rng.choice(_FAVOURITES) if rng.random() < 0.8 else random_word(rng)
    elif kind == "pet":
        what = rng.choice(_PETS)
    return kind, what, _value(rng, kind, what, real)


def _value(rng: Random, kind: str, what: str, real: bool) -> str:
    known = {"favourite": _VALUES.get(what), "live": _PLACES, "job": _JOBS, "like": _LIKES}.get(kind)
    if kind == "note":
        return str(rng.randrange(10, 100000)) if rng.random() < 0.5 else random_word(rng)
    if kind == "age":
        return str(rng.randrange(5, 99))
    if real and known:
        return rng.choice(known)
    made_up: dict[str, Callable[[Random], str]] = {"pet": random_name, "live": _made_up_place, "job": random_word}
    return made_up.get(kind, random_thing)(rng)


def _made_up_place(rng: Random) -> str:
    return random_word(rng).capitalize()


def _other(rng: Random, kind: str, what: str) -> str:
    return rng.choice([other for other in (_FAVOURITES if kind == "favourite" else _PETS) if other != what])
