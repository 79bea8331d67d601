"""Everyday words, and sentences made of them: so that a model learns what it does not know from more than a list."""

from random import Random

from training.data.words import random_word

NOUNS = """apple arm army artist aunt baby bag ball bank bathroom battery beach bed bell bike bird blood boat body bone book boot bottle box
boy brain bread bridge brother bucket bus button cable cake camera candle car card carpet castle cat cave chain chair chapter child church
cinema city class clock cloud coat coffee coin cold computer cook copper corner cotton country cousin cow crowd cup curtain daughter deer
desert desk diamond dinner doctor dog door dream dress drum dust eagle ear earthquake egg elbow elephant engine evening eye face factory
family farm farmer father feather fever field film finger fire fish flag flight floor flower fly fog forest fork fox friend frog fruit garden
gas gate ghost glass glove goat gold grandmother grass guest hair hammer hand harbour hat heart hill holiday honey horse hospital hotel hour
house husband ice iron island jacket jar judge juice jungle key kettle king kitchen knee knife lake lamp leaf leather leg lemon letter library
light lion lip liver lock machine magnet market meadow meat medicine metal milk mirror money monkey moon morning mother motor mountain mouse
mouth muscle museum music nail neck needle neighbour nest newspaper night noise nose novel nurse oak ocean office oil onion opera orchestra
oven owl paint painter palace paper park parrot party pencil pepper phone piano picture pig pillow pilot pipe planet plant plate pocket poem
poison police pond potato prison prize queen rabbit radio rain rat recipe restaurant rice ring river road robot rock roof room root rope rose
sailor salt sand school science sea season shadow shark sheep ship shirt shoe shop shoulder silver singer sister skin sky sleep smoke snake
snow soap sock soldier son song soup space spider spoon spring star station steam steel stomach stone storm story street student sugar suit
summer sun sweater sword table tail teacher team tent theatre thunder ticket tiger toast toe tomato tongue tool tooth tower town toy train
tree truck tunnel uncle valley vegetable village violin virus voice volcano wall war water wave weapon wheel whisky wife wind window wine
winter wolf woman wood wool world wound writer yard zebra zoo""".split()
_VERBS = """attack bake beat become begin bite blow boil borrow break build burn buy carry catch celebrate change chase choose clean climb close
collect cook count cross cure cut damage dance deliver design destroy die dig discover draw dream drink drive drop dry eat end escape explain
explode fall feed feel fight fill find finish fish fix float fly fold follow forget freeze gather grow guard hang happen harm hate hear heat
hide hit hold hunt hurt improve invent jump keep kick kill kiss knock last laugh lead learn leave lie lift live lose love marry measure melt
mend mix move open order own pack paint pass pay pick plant play polish pour produce protect pull push put raise reach read recognise
recommend reduce remove repair rescue return ride ring rise roll save sell separate shake share shine shoot sing sink sit sleep smell smile smoke
solve speak spend spread stand steal stick store swim taste teach tear throw touch train travel treat try turn understand visit wait wake
walk wash watch wear weigh win wish wonder work worry""".split()
_ADJECTIVES = """ancient angry bad beautiful best big bitter black blind blue bright broken brown cheap clean clever cold common dangerous dark deaf
dear deep dirty dry early empty expensive famous fast fat favourite fine first flat foreign fresh front full funny good great green grey happy
hard healthy heavy high holy hot huge hungry important indian italian japanese large last late lazy left local long loud low magic modern narrow
national natural new next nice old open orange perfect poor popular public purple quick quiet rare raw red rich right ripe rough round royal sad
safe secret sharp short sick silent simple slow small soft sour special strange strong sweet tall thick thin tiny tired traditional ugly
warm weak wet white whole wide wild wooden yellow young""".split()
_PLACES = [
    "the garden",
    "Europe",
    "Africa",
    "winter",
    "the kitchen",
    "my flat",
    "the sea",
    "history",
    "school",
    "the world",
    "Asia",
    "the city",
    "the middle ages",
    "the north",
    "america",
    "the bible",
    "my car",
    "this country",
    "the desert",
    "space",
]
_FORMS = [
    "why {do|does|did|are|is|can|will|would} <the> <verb>{| in <place>| the <noun2>| so much| every year| at night}?",
    "how {do|does|did|can|would|should} <the> <verb>{| a <noun2>| the <noun2>| my <noun2>| without <noun2>| in <place>}?",
    "what {do|does|did|will} <the> <verb>{| in <place>| for the <noun2>| with a <noun2>|}?",
    "where {do|does|did|can} <the> <verb>{| in <place>|}?",
    "when {do|does|did|will|can} <the> <verb>{| in <place>| again| the <noun2>|}?",
    "{can|could|will|would|should|does|did|may} <the> <verb>{| a <noun2>| the <noun2>| in <place>| for ever|}?",
    "{is|are|was|were} <the> {<adj>|really <adj>|<adj> or <adj2>|made of <noun2>|in <place>|like a <noun2>|better than a <noun2>|good for the <noun2>}?",
    "what {makes|made} <the> {<adj>|so <adj>|<verb>|better than the <noun2>}?",
    "{which|what} <adj> <thing> {is|are|was|should I buy|would you take|do you recommend|do people like|wins|is the <adj2> one}?",
    "{which|what} <thing> {should|can|do|must|would} {I|we|you|people} {buy|take|use|choose|need|read|eat|visit|see}{| in <place>| for my <noun2>|}?",
    "{I|we|my <noun2>} {have|has|had|need|want|bought|lost|found|broke|saw} {a|an|the|some|this} {|<adj> }<thing>{|, what now|, what should I do|, any advice| in <place>|, help}",
    "{the|my|our|this} {|<adj> }<thing> {is|was|looks|smells|feels|gets} <adj2>{|, why|, what can I do|, what now|, is that bad| again}?",
    "{the|my|our|this} {|<adj> }<thing> {won't|doesn't|can't|didn't} <verb>{|, why|, what can I do|, what now| any more| since yesterday}",
    "{I'd|I would} {like|love} {some advice|help|ideas|tips|a list|a few words|facts} {on|about|for|with} <the>",
    "{tips|advice|ideas|help|instructions|facts|news|a recipe|reviews} {for|on|about|with} <the>{?|}",
    "{best|cheapest|oldest|nicest|fastest|biggest} <thing> {in <place>|for my <noun2>|ever|of all|to buy}?",
    "{difference|link|relation|war|fight} between <the> and a <noun2>?",
    "{please|kindly|can you|could you} {list|rank|name|order|describe|check|plan|invent|count|calculate|imagine|translate|find|compare|pick|book|buy} {|some |the |all |five |me a }<adj> <thing>{| in <place>| for me|}",
    "{how|why} <adj> {is|are|was} <the>{| in <place>| really|}?",
    "how {many|much} <thing> {are|is|do|does} {there|in|the <noun2> have|a <noun2> need|people eat|I need|left}{| in <place>|}?",
    "{who|what} {invented|discovered|killed|made|owns|painted|built|sold|wrote|stole|sang|won|leads|feeds} <the>{| in <place>|}?",
    "{on|in|at|for|since|by} {which|what} {day|place|country|year|price|age|temperature|time|way} {do|does|did|will|can} <the> <verb>?",
    "{does|do|is|will} {eating|buying|having|using|a lot of} <the> {help|hurt|matter|harmful|cause <noun2>|cost a lot|make me <adj>}?",
    "{your|any} {thoughts|opinion|views|idea} {on|about} <the>?",
    "{I'm|I am} {thinking|dreaming|worried|reading|writing|curious} {about|of} <the>{|, any advice|, what do you say|}",
    "{what's|what is} {wrong|the deal|so special|the story|going on|new|the problem} with <the>?",
    "<thing>",
    "<adj> <thing>?",
    "{the|a|my} {|<adj> }<thing>",
    "<the> - {explain|what is it|good or bad|yes or no|worth it}?",
    "{I think|I heard|they say|my <noun2> says} <the> {is <adj>|can <verb>|will <verb>|are <adj>}{|, true|, right|, is that so}?",
    "{make|build|draw|cook|sing|design|plan|paint|knit|invent} {|me }<the>{| for my <noun2>| in <place>|}",
    "{history|origin|price|colour|weight|age|name|meaning|future|taste|owner} of <the>{?|}",
]
_THE = [
    "the <thing>",
    "a <thing>",
    "an <adj> <thing>",
    "<adj> <thing>",
    "<thing>",
    "the <adj> <thing>",
    "my <thing>",
    "<thing>s",
    "<adj> <thing>s",
    "<thing> <noun2>s",
    "this <thing>",
]


def noun(rng: Random) -> str:
    return rng.choice(NOUNS) if rng.random() < 0.55 else random_word(rng)


def sentence(rng: Random) -> tuple[str, str]:
    """A wording with a slot <thing>, to be typed as people do, and the thing that it is about."""
    wording = rng.choice(_FORMS)
    for slot, words in (("<the>", _THE), ("<place>", _PLACES)):
        while slot in wording:
            wording = wording.replace(slot, rng.choice(words), 1)
    for slot in ("<noun2>", "<adj>", "<adj2>", "<verb>"):
        while slot in wording:
            words = {"<noun2>": NOUNS, "<verb>": _VERBS}.get(slot, _ADJECTIVES)
            wording = wording.replace(slot, rng.choice(words) if rng.random() < 0.8 else random_word(rng), 1)
    return wording, noun(rng)
