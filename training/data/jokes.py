"""Jokes: of our own, or so old that they belong to everybody."""

from random import Random

from training.data.names import Exchange, Memory
from training.data.noise import as_typed
from training.data.wording import expand

JOKES = [
    "Why do programmers mix up Halloween and Christmas? Because OCT 31 equals DEC 25.",
    "Why did the worker take over the message? Its colleague had lost the lease.",
    "There are 10 kinds of people: those who know binary and those who don't.",
    "Why was the JavaScript developer sad? Because he didn't know how to null his feelings.",
    "What do you call a fish without eyes? A fsh.",
    "Why did the scarecrow win a prize? Because he was outstanding in his field.",
    "A SQL query walks into a bar, goes up to two tables and asks: may I join you?",
    "Why don't skeletons fight each other? They don't have the guts.",
    "I would tell you a joke about UDP, but you might not get it.",
    "What is a computer's favourite snack? Chips.",
    "Why was the math book sad? It had too many problems.",
    "Why did the computer go to the doctor? It had a virus.",
    "How does the ocean say hello? It waves.",
    "What do you call a bear without teeth? A gummy bear.",
    "Why did the queue feel calm? Because its messages all had one outcome.",
    "What did the token say to the worker? Please stream me gently.",
]
_ASK = [
    "{tell|give|write|say} me a {joke|good joke|funny joke|short joke|nice joke|clean joke|silly joke|programmer joke|computer joke}{.|!|}",
    "{can|could|would|will} you {tell|give} me a {joke|good joke|funny joke|funny story}?",
    "do you know {a joke|any jokes|a good joke|some jokes|something funny|jokes}?",
    "{tell|say} {me something|something} funny{.|!|}",
    "{a|one} joke{, please|!| please|}",
    "{make|get} me {laugh|smile}{.|!|}",
    "I {want|need|would like} {a joke|to laugh|to hear a joke|something funny}{.|!|}",
    "{joke|jokes|joke please|joke!|got any jokes|any jokes|know any jokes|have a joke for me|have you got a joke|got a joke}{?|}",
    "let's hear a joke",
    "{cheer me up|entertain me|be funny|make a joke|amuse me|crack a joke}{.|!|}",
    "what is your {best|favourite|funniest} joke?",
    "{I'm bored|I'm sad|I had a bad day}, tell me a joke",
    "are you funny?",
    "how about a joke?",
    "{something|anything|please something|I need something|have you something} {funny|to laugh about|to smile about|to cheer me up|amusing}{, please|?|!|}",
    "{share|read|send|write|show|find|offer|invent} {me |us |}a {joke|pun|funny line|little joke|joke about computers|joke for children}{| please| with me|}{?|!|}",
    "{I|we|my kids|my friends} {want|need|would love|like|deserve} {a joke|a good laugh|jokes|some fun|some humour}{| now| today|}{.|!|}",
    "{your|the} {best|funniest|worst|newest} joke{?|!|, please|}",
]
_AGAIN = [
    "{another|another one|another joke|one more|again|more|next|more jokes|one more joke|a different one|a better one|next one|and another}{!|.| please|, please|}",
    "{tell|give} me {another|another one|another joke|one more|a better one|more}{!|.| please|}",
    "{do you have|got|know} {another|another one|more|any more|a better one}?",
    "{haha|lol|good one|nice|funny}, {another|another one|one more|more|again}{!|.| please|}",
]


def joke(rng: Random, memory: Memory) -> Exchange:
    return as_typed(rng, expand(rng, rng.choice(_ASK)), extras=rng.random() < 0.4), rng.choice(JOKES)


def another(rng: Random, told: str) -> Exchange:
    return as_typed(rng, expand(rng, rng.choice(_AGAIN)), extras=False), rng.choice(
        [one for one in JOKES if one != told]
    )
