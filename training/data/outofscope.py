"""All that a small model can't know: said kindly, with the topic taken from the message, and how to get a large model."""

from random import Random

from training.data import everyday
from training.data.facts import CAPITALS
from training.data.names import Exchange, Memory
from training.data.noise import as_typed
from training.data.wording import expand, fill, say
from training.data.words import random_name, random_thing, random_word

TOPICS = """quantum physics;black holes;the French Revolution;roman history;climate change;electric cars;the stock market;
bitcoin;cryptocurrency;inflation;taxes;mortgages;insurance;politics;the election;the government;the weather;the news;
football results;the world cup;tennis;the olympics;formula one;basketball;chess openings;cooking;baking bread;sourdough;
vegan recipes;lasagna;carbonara;sushi;curry;barbecue;wine;beer;coffee machines;tea;gardening;roses;tomatoes;houseplants;
dog training;cat food;horses;dinosaurs;sharks;bees;birds;fishing;hunting;camping;hiking in the alps;travel to japan;hotels in rome;
cheap flights;visas;train tickets;used cars;motorcycles;bicycles;running shoes;yoga;weight loss;vitamins;headaches;back pain;
diabetes;allergies;vaccines;sleep problems;meditation;love;dating;marriage;divorce;raising children;school;homework;exams;
university;scholarships;job interviews;my resume;salaries;management;leadership;marketing;advertising;seo;web design;css;
java;rust;kotlin;javascript promises;react;kubernetes;docker;aws;sorting algorithms;regular expressions;compilers;databases;
blockchain;robots;drones;3d printing;solar panels;batteries;nuclear power;wind energy;rockets;mars missions;satellites;
telescopes;galaxies;the big bang;string theory;relativity;thermodynamics;chemistry;organic chemistry;biology;evolution;genetics;
anatomy;the brain;psychology;philosophy;kant;plato;stoicism;religion;buddhism;mythology;greek gods;the vikings;the aztecs;
ancient egypt;the cold war;napoleon's wars;the industrial revolution;art history;impressionism;picasso;sculpture;photography;
cameras;film noir;movies;tv series;star wars;superheroes;anime;comics;video games;minecraft;pokemon;board games;poker;card tricks;
magic;juggling;dancing;ballet;salsa;jazz;opera;heavy metal;hip hop;the beatles;guitars;pianos;music theory;singing;poetry;novels;
science fiction;grammar;latin;sign language;translation;handwriting;typography;architecture;bridges;skyscrapers;plumbing;
carpentry;painting walls;furniture;fashion;shoes;perfume;make-up;tattoos;jewellery;watches;antiques;stamps;coins;law;contracts;
copyright;patents;human rights;immigration;the police;traffic rules;parking;maps;time zones;calendars;astrology;tarot;ghosts;
ufos;aliens;conspiracy theories;the moon landing hoax;time travel;dreams;happiness;money;real estate;retirement;gold prices;
oil prices;startups;venture capital;accounting;economics;statistics;calculus;algebra;geometry;integrals;matrices;probability;
number theory;logic;set theory;game theory;ethics;censorship;privacy law;hacking;passwords;vpns;wifi routers;printers;
smartphones;android;iphones;windows;excel;powerpoint;photoshop;blender;spreadsheets;email;social media;tiktok;youtube""".replace(
    "\n", ""
).split(";")

DOINGS = """bake a cake;fix my bike;learn the guitar;cook rice;lose weight;find a job;write a novel;learn french;save money;
build a house;tie a tie;change a tyre;repair a sink;paint a wall;train a dog;grow tomatoes;make pasta;brew beer;sleep better;
stop smoking;get rich;buy a house;sell my car;invest money;file my taxes;make friends;ask her out;get a visa;book a flight;
travel to peru;climb a mountain;run a marathon;swim faster;play chess well;draw a face;take good photos;edit a video;build a website;
center a div;sort a list in java;write a compiler;learn programming;hack a computer;reset my password;fix my printer;speed up my pc;
remove a virus;install windows;make a game;write a song;sing better;knit a scarf;sew a button;fold a paper plane;clean an oven;
get rid of ants;catch a fish;raise a child;calm a baby;win the lottery;become a pilot;write an application;improve my english;
cure a cold;treat a burn;do a handstand;build muscle;make sushi;roast a chicken;boil an egg;open a bank account;start a company""".replace(
    "\n", ""
).split(";")

_PEOPLE = """the president;the pope;the king of spain;Taylor Swift;Elon Musk;Messi;Ronaldo;Madonna;Cleopatra;Gandhi;Nietzsche;Bach;
Banksy;Spider-Man;Batman;Sherlock Holmes;the prime minister;Bill Gates;Julius Caesar;Picasso;Steve Jobs;Rihanna;Obama;Lincoln;Stalin;
Churchill;Mandela;Elvis;Bob Dylan;Hitchcock;Spielberg;Tesla;Galileo;Kafka;Homer""".replace("\n", "").split(";")

_MADE = """a poem;a story;a short story;an essay;a letter;an email;a song;a haiku;a speech;a summary;a recipe;a report;a limerick;a blog post;
a python function;a program;a script;some code;a sql query;a list;a plan;a dialogue;a text;a tweet;a fairy tale;an article;a test;a rap""".replace(
    "\n", ""
).split(";")

_LANGUAGES = "french german spanish italian chinese japanese russian arabic latin dutch swedish polish turkish hindi portuguese greek".split()
_CITIES = "London;Paris;New York;Tokyo;Berlin;Madrid;Oslo;Sydney;my town;Rome;Vienna;Chicago;Mumbai;Cairo;Toronto;Munich;Dublin;Lima".split(
    ";"
)

_ABOUT = [
    "{tell me|say} {something|more|everything|a bit|anything|} about <topic>",
    "{what do you know|what can you tell me|can you tell me something|do you know anything|do you know something|what can you say} about <topic>?",
    "{explain|describe|teach me|summarize|define|discuss} <topic>{| to me| in simple words| in detail| briefly| for beginners| like I'm five}",
    "{can you|could you|please} {explain|describe|summarize|define} <topic>{| to me| in simple words|}?",
    "{what is|what's|what are|whats} <topic>?",
    "how {does|do|did} <topic> work?",
    "{why|when} {is|are|was|were} <topic> {important|so popular|invented|difficult|expensive|dangerous|good|bad|discovered|famous}?",
    "{what do you think|what is your opinion|how do you feel|what's your view} {about|of|on} <topic>?",
    "{I want|I'd like|I would like|I need} to {learn|know|talk|hear|read|chat} {something about|about|more about} <topic>",
    "{give me|I need|do you have|can you give me|any} {advice|tips|some tips|information|some facts|help|the latest|details|ideas} {about|on|for|with} <topic>",
    "{let's|can we|could we} {talk|chat|speak|discuss things} about <topic>{.|?|}",
    "{which|what} {is|are} the {best|worst|latest|cheapest|most important|newest|main} {book|thing|facts|news|idea|problem|book|website} {about|of|on|in} <topic>?",
    "{can you|could you|please} help me with <topic>?",
    "{I have|I've got} {a question|a problem|some questions} {about|with} <topic>",
    "{are you|do you feel} {interested in|good at|an expert on|familiar with} <topic>?",
    "{who|what company} {invented|discovered|founded|started|created} <topic>?",
    "{what is|what's} the {history|future|meaning|purpose|price|cost|origin|definition} of <topic>?",
    "{should|could} I {try|buy|study|learn|be afraid of|invest in} <topic>?",
    "{is|are} <topic> {real|good|bad|dangerous|useful|healthy|worth it|true|expensive|safe}?",
    "<topic>?",
    "<topic>",
    "{compare|what is the difference between} <topic> and <other>{?|}",
    "{which|what|who} is {better|faster|older|bigger|nicer|cheaper|healthier}, <topic> or <other>?",
    "<topic> or <other>?",
    "do you prefer <topic> or <other>?",
    "why {do|does|did|are|is|can|can't|will|should} <topic> {exist|purr|work|matter|grow|smell|fail|happen|fly|cost so much|sleep|change|end|move|burn|break}?",
    "how many <topic> {are there|exist|are|live|were found|fit} in <other>?",
    "how {many|much} <topic> {do I need|are there|exist|is there|should I take}?",
    "where {can I|do I|should I|do they} {buy|find|get|see|sell|learn} <topic>?",
    "how {far|big|deep|heavy|tall|fast|expensive|long|dangerous|hot|high} {is|are|was} <topic>?",
    "when {did|was|will|does} <topic> {begin|end|start|happen|invented|open|come out|arrive}?",
    "what {happened|happens|is going on} {to|with|in} <topic>?",
    "who {is|was} the {president|king|queen|boss|author|head|director|inventor|owner|mayor|leader|best player} of <topic>?",
    "what {size|shape|kind|type|brand|sort} {is|are} <topic>?",
    "{do|does|did} <topic> {have|eat|like|need|contain|cause|beat|make} <other>?",
    "what {does|do|did} <topic> {mean|do|eat|cost|look like|say|need|want|taste like|sound like}?",
    "{can|could|would} <topic> {be|become|replace|help|hurt|kill|live without} <other>?",
    "{if|when} <topic> {is|was|has} <other>, what {happens|then|does it mean}?",
    "{recommend|suggest|show|find} me {something|a good book|a film|a course|a website} about <topic>",
    "{solve|prove|derive|debug|review|correct|fix|check} <topic>{| for me}",
    "{imagine|pretend|suppose} {you are|to be|you were} <topic>",
    "{what's|what is} your favourite <topic>{| and why}?",
    "{is there|are there} {a|any} {cure|reason|app|book|solution|connection} {for|between|about} <topic>?",
]
_NOT_ABOUT = [
    "I don't know enough about <topic>: I'm only a small demo model. Set `MODEL_URL` to a large one and ask again.",
    "Sorry, <topic> is beyond me, I'm a small demo model. With a large model behind `MODEL_URL` you get a real answer.",
    "I'd rather say nothing about <topic> than something wrong. A larger model can help: connect one with `MODEL_URL`.",
    "About <topic> I learned nothing, I'm only the demo model. The setting `MODEL_URL` connects a large one.",
    "<topic>, that is too much for a small model like me. Connect a large one with `MODEL_URL`.",
    "Good question, but I'm too small to know about <topic>. `MODEL_URL` plugs in a model that does.",
]
_HOW_TO = [
    "how {do I|can I|to|should I|would I|do you|does one|could I} <doing>{?|| best?| quickly?| at home?| without help?}",
    "{tell me|explain|show me|teach me|explain to me|please tell me} how to <doing>",
    "{can you|could you|please} {help me|help me to|tell me how to|show me how to|teach me to} <doing>{?|}",
    "{what is|what's} the best way to <doing>?",
    "I {want|need|would like|am trying|have|plan} to <doing>{|, can you help?|, any tips?| but don't know how}",
    "{can|do|did|will} you <doing>?",
    "{is it|why is it so} {hard|easy|difficult} to <doing>?",
    "{is it|would it be} {healthy|safe|legal|normal|a good idea|possible|dangerous|allowed} to <doing>?",
    "{why|when|where} {should|do|would} {I|people|we|you} <doing>?",
    "{should|may|must} I <doing>{| now| every day}?",
    "{what do I need|how long does it take|how much does it cost} to <doing>?",
]
_NOT_HOW_TO = [
    "How to <doing>: that I never learned, I'm only a small demo model. Set `MODEL_URL` to a large one and ask again.",
    "Sorry, I can't tell you how to <doing>. A large model can: connect one with `MODEL_URL`.",
    "I'm too small a model to help you to <doing>. With a large one behind `MODEL_URL` this chat can.",
]
_WRITE = [
    "{write|compose|make|create|draft|generate|give me} {|me }<made> {about|on} <topic>",
    "{can|could|would|will} you {write|compose|make|create|draft} {|me }<made> {about|on|for} <topic>?",
    "{I need|I want|I'd like} <made> {about|on} <topic>",
    "{please|} {write|draft} <made> {about|on} <topic>{, please|}",
]
_NOT_WRITTEN = [
    "I can't write <made> about <topic>, I'm only a small demo model. A large one behind `MODEL_URL` can.",
    "Sorry, writing <made> about <topic> is beyond me. Connect a large model with `MODEL_URL` and ask again.",
    "For <made> about <topic> you need a larger model than me: connect one with `MODEL_URL`.",
]
_WHO = [
    "{who is|who was|who are|tell me about|do you know|what did} <who>{?|}",
    "{when|where} was <who> born?",
    "how old is <who>?",
    "{what is|what's} <who> {famous for|known for|doing}?",
    "{did|does} <who> {like|win|know|live|write} <other>?",
]
_NOT_WHO = [
    "I don't know anything about <who>: I'm only a small demo model. A large one behind `MODEL_URL` may.",
    "Sorry, <who> is nobody that I learned about. Connect a larger model with `MODEL_URL` and ask again.",
    "I can't say anything reliable about <who>. A larger model can: set `MODEL_URL`.",
]
_TRANSLATE = [
    "{translate|say|write} <phrase> {in|to|into} <language>",
    "{how do you say|what is|what's} <phrase> in <language>?",
    "{what does|what is the meaning of} <phrase> {mean in|in} <language>?",
    "{can you|please|could you} translate <phrase> {to|into} <language>{?|}",
]
_NOT_TRANSLATED = [
    "I can't translate “<phrase>” into <language>, I only speak simple English. A large model behind `MODEL_URL` can.",
    "“<phrase>” in <language>? I never learned <language>, I'm only a small model. Connect a larger one with `MODEL_URL`.",
]
_CAPITALS = [
    "{what is|what's|whats|tell me} the capital of <country>?",
    "capital of <country>?",
    "{do you know|name} the capital of <country>?",
    "what is <country>'s capital?",
]
_OTHER_COUNTRIES = """Mali Chad Niger Bhutan Nepal Laos Fiji Samoa Tonga Tuvalu Malta Cyprus Albania Moldova Latvia Estonia Lithuania Slovakia
Slovenia Belarus Georgia Armenia Iran Iraq Syria Jordan Israel Qatar Oman Yemen Pakistan Bangladesh Myanmar Mongolia Kazakhstan Uzbekistan
Ghana Senegal Angola Zambia Uganda Sudan Libya Tunisia Algeria Bolivia Paraguay Uruguay Ecuador Venezuela Panama Honduras Texas
California Ohio Bavaria Malaysia Philippines Singapore Jamaica Haiti""".split()
_NOT_CAPITAL = [
    "I don't know the capital of <country>: I learned only some fifty of them. A larger model behind `MODEL_URL` knows them all."
]
# The second text: what the reply calls it.
_FIXED: list[tuple[list[str], str]] = [
    (
        [
            "what time is it{ now| in <city>|}?",
            "what's the time{ in <city>|}?",
            "{can you|please} tell me the time",
            "do you know what time it is?",
            "how late is it?",
        ],
        "the time",
    ),
    (
        [
            "what day is {it|today}?",
            "what is {the date|today's date|the date today}?",
            "which {day|year|month} {is it|do we have}?",
            "what year is it?",
        ],
        "the date",
    ),
    (
        [
            "{what is|how is|what's} the weather{ like|} {today|in <city>|tomorrow|}?",
            "will it {rain|snow|be sunny}{ tomorrow| today| in <city>|}?",
            "{is it|will it be} {raining|cold|hot|sunny} in <city>{ today|}?",
            "do I need an umbrella?",
            "what's the {temperature|forecast} {in <city>|today|for tomorrow|outside}?",
        ],
        "the weather",
    ),
    (
        [
            "{what is|what's} {in the news|the latest news|new in the world|happening in the world}?",
            "{tell me|give me|read me} the {news|latest news|headlines}",
            "any news from <city>?",
        ],
        "the news",
    ),
    (
        [
            "who {won|will win|is winning} the {game|match|election|world cup|super bowl|race|league|championship|final}{ yesterday| today| last night| in <city>|}?",
            "what was the score{ yesterday| last night|}?",
            "who won{ yesterday| last night|}?",
        ],
        "results",
    ),
    (
        [
            "where {can I|do I} {eat|buy shoes|park|get a taxi|sleep|get coffee|find a doctor|find a hotel} in <city>?",
            "{recommend|find} {a|me a} {hotel|restaurant|bar|doctor|museum} in <city>",
            "{how far|how long} is it {to|from here to} <city>?",
            "how do I get to <city>?",
        ],
        "places and ways",
    ),
    (
        [
            "{what is|what's} the {price|value} of {gold|bitcoin|a share|oil|apple stock}?",
            "{should I|can I} buy {shares|stocks|bitcoin|gold|a house}?",
            "how much {is|costs|does} {a bitcoin|a car|a tesla|an iphone|a house}{ cost|}?",
            "{what's|what is} the exchange rate?",
        ],
        "prices",
    ),
    (
        [
            "{play|put on|sing} {a song|some music|music|something|me a song}",
            "{order|buy} {me |}{a pizza|a taxi|some food|tickets|an uber}",
            "{set|start} {an alarm|a timer|a reminder}{ for ten minutes|}",
            "{call|text|phone} {my mother|a taxi|the police|my boss}",
            "{turn on|turn off|dim} the {light|lights|tv|heating|radio}",
            "{send|write} an email to my boss",
            "{open|search} {google|the web|youtube|my files|the internet}",
            "{show|draw|paint|generate} {me |}{a picture|an image|a cat|a photo|a logo}",
        ],
        "doing such things",
    ),
    (
        [
            "{which|what} {lottery numbers|numbers} will win?",
            "{what will|who will|will} {happen tomorrow|be president|the world end|I be rich}?",
            "predict the future",
            "what is my {horoscope|future|destiny|fortune}?",
            "what am I thinking?",
        ],
        "the future",
    ),
    (
        [
            "who will {I marry|love me}?",
            "{should|shall} I {quit my job|leave him|leave her|move|marry her|marry him|go|tell her|stay}?",
            "what {should|shall} I {do|eat|wear|cook|read|watch|buy}{ today| tonight| for dinner|}?",
            "{is he|is she|does he|does she} {in love with|love|like} me?",
        ],
        "decisions like this",
    ),
]
_NOT_FIXED = [
    "I can't help with <topic>: I'm only a small demo model without a clock or a network. A large model behind `MODEL_URL` knows more.",
    "With <topic> I can't help, I only know what I learned. Connect a larger model with `MODEL_URL`.",
    "Sorry, <topic> is nothing for a small demo model. The setting `MODEL_URL` connects a larger one.",
]


_STATED = [
    "I {bought|saw|lost|found|made|read about|sold|need|heard of|broke|am looking for|dreamed of|watched|studied} <topic>{| yesterday| today| last week| again| for my sister}{.|!}",
    "{I think|I believe|they say|everybody says} <topic> {is|are} {great|overrated|wrong|too expensive|boring|the future|important|over}{.|!}",
    "my {friend|wife|husband|boss|teacher|neighbour|son} {likes|hates|studies|wants|sells|talks about} <topic>{.|!}",
    "{yesterday|today|last night|last year} {I|we} {learned|talked|argued|read} about <topic>{.|!}",
    "<topic> {is|are} {great|awful|everywhere|hard|my problem|nice|amazing}{.|!}",
]
_NOT_STATED = [
    "I see. About <topic> I can't say much, I'm only a small demo model.",
    "Thank you for telling me. I know too little about <topic> to say more; a larger model behind `MODEL_URL` does.",
]
_LONG = "That is a lot at once for a small demo model. Please ask me one short question, or connect a larger model with `MODEL_URL`."


def out_of_scope(rng: Random, memory: Memory) -> Exchange:
    form = rng.choices(
        (_about, _how_to, _write, _who, _translate, _capital, _fixed, _stated, _long, _free),
        (8, 4, 2.5, 2.5, 1.2, 0.8, 3, 1.0, 0.2, 14),
    )[0]
    return form(rng)


def _about(rng: Random) -> Exchange:
    topic, other = _topic(rng), _topic(rng)
    message = as_typed(rng, expand(rng, rng.choice(_ABOUT)))
    named = f"{topic} and {other}" if "<other>" in message else topic
    return fill(message, {"topic": topic, "other": other}), say(rng, _NOT_ABOUT, topic=named)


def _free(rng: Random) -> Exchange:
    """Any sentence of everyday words."""
    wording, thing = everyday.sentence(rng)
    return fill(as_typed(rng, expand(rng, wording)), {"thing": thing}), say(rng, _NOT_ABOUT, topic=thing)


def _how_to(rng: Random) -> Exchange:
    chance = rng.random()
    doing = rng.choice(DOINGS)
    if chance < 0.35:
        doing = f"{doing.split()[0]} {rng.choice(['a', 'the', 'my', 'some'])} {random_word(rng)}"
    elif chance < 0.5:
        doing = f"{random_word(rng)} {rng.choice(['a', 'the', 'my', 'some'])} {random_word(rng)}"
    return fill(as_typed(rng, expand(rng, rng.choice(_HOW_TO))), {"doing": doing}), say(
        rng, _NOT_HOW_TO, doing=doing
    )


def _write(rng: Random) -> Exchange:
    made, topic = rng.choice(_MADE), _topic(rng)
    return fill(as_typed(rng, expand(rng, rng.choice(_WRITE))), {"made": made, "topic": topic}), say(
        rng, _NOT_WRITTEN, made=made, topic=topic
    )


def _who(rng: Random) -> Exchange:
    who = rng.choice(_PEOPLE) if rng.random() < 0.4 else f"{random_name(rng)} {random_word(rng).capitalize()}"
    if rng.random() < 0.3:
        who = who.lower()
    return fill(as_typed(rng, expand(rng, rng.choice(_WHO))), {"who": who, "other": _topic(rng)}), say(
        rng, _NOT_WHO, who=who
    )


def _translate(rng: Random) -> Exchange:
    phrase = rng.choice(
        [
            "good morning",
            "thank you",
            "I love you",
            "cheese",
            "the house is red",
            "where is the station",
            "cat",
            "water",
            "one beer please",
        ]
    )
    if rng.random() < 0.5:
        phrase = random_thing(rng)
    language = rng.choice(_LANGUAGES)
    if rng.random() < 0.5:
        language = language.capitalize()
    message = as_typed(rng, expand(rng, rng.choice(_TRANSLATE)), extras=False)
    quoted = rng.choice(["<phrase>", "<phrase>", "'<phrase>'", '"<phrase>"'])
    message = fill(message.replace("<phrase>", quoted), {"phrase": phrase, "language": language})
    return message, say(rng, _NOT_TRANSLATED, phrase=phrase, language=language)


def _capital(rng: Random) -> Exchange:
    country = rng.choice(_OTHER_COUNTRIES) if rng.random() < 0.6 else random_word(rng).capitalize()
    assert country not in CAPITALS
    if rng.random() < 0.4:
        country = country.lower()
    return fill(as_typed(rng, expand(rng, rng.choice(_CAPITALS))), {"country": country}), say(
        rng, _NOT_CAPITAL, country=country
    )


def _fixed(rng: Random) -> Exchange:
    wordings, topic = rng.choice(_FIXED)
    city = rng.choice(_CITIES) if rng.random() < 0.6 else random_word(rng).capitalize()
    return fill(as_typed(rng, expand(rng, rng.choice(wordings))), {"city": city}), say(
        rng, _NOT_FIXED, topic=topic
    )


def _stated(rng: Random) -> Exchange:
    topic = _topic(rng)
    return fill(as_typed(rng, expand(rng, rng.choice(_STATED))), {"topic": topic}), say(
        rng, _NOT_STATED, topic=topic
    )


def _long(rng: Random) -> Exchange:
    """Much text at once."""
    forms = (_about, _how_to, _stated, _who)
    return rng.choice([" ", " ", "\n"]).join(rng.choice(forms)(rng)[0] for _ in range(rng.randrange(4, 8))), _LONG


def _topic(rng: Random) -> str:
    chance = rng.random()
    if chance < 0.2:
        topic = everyday.noun(rng)
    elif chance < 0.45:
        topic = rng.choice(TOPICS)
    elif chance < 0.6:
        topic = rng.choice(
            [
                "the history of ",
                "the price of ",
                "modern ",
                "old ",
                "the future of ",
                "french ",
                "my ",
                "the best ",
            ]
        ) + rng.choice(TOPICS)
    elif chance < 0.75:
        topic = random_thing(rng)
    elif chance < 0.9:
        topic = (
            rng.choice(["the ", "a ", "my ", "", ""])
            + random_word(rng)
            + rng.choice([" of ", " in ", " and ", " "])
            + rng.choice([random_word(rng), rng.choice(TOPICS)])
        )
    else:
        topic = random_name(rng)
    if rng.random() < 0.15:
        topic = topic[0].upper() + topic[1:]
    return topic
