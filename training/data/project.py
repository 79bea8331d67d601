"""Questions about this project, with true answers. The words are those of README.md, docs/protocol.md and docs/models.md."""

from random import Random

from training.data.names import Exchange, Memory
from training.data.noise import as_typed
from training.data.scramble import scrambled
from training.data.wording import expand, say

_THIS = "{this|it|the project|this project|this thing|the chat|this chat|this chatbot|the app|the server|the chatbot|everything|the bot|this app|the whole thing}"
_MODEL = "{a model|a large model|my own model|another model|a real model|a bigger model|my model|a better model|a different model|an llm|a larger model|my own llm|a proper model|a real llm}"
_CONNECT = "{plug in|connect|use|add|attach|hook up|set up|switch to|configure|integrate|install|run|load|put in}"
_HOW = (
    "{how do I|how can I|how to|how would I|how should I|how do you|tell me how to|explain how to|show me how to|I want to|I'd like to|"
    "can you tell me how to|what do I need to do to|what must I do to|is there a way to|please explain how to|can I|how could I|"
    "do you know how to|how does one|how do we|what is the way to|need help to|I need to|what's the command to|which command do I need to|"
    "help me|help me to|walk me through how to|steps to|any idea how to|I can't figure out how to|is it hard to|is it possible to|"
    "what's the {trick|procedure|recipe|fastest way} to|teach me to|what should I do to|my boss wants me to|I'd love to|"
    "what do I {type|enter|execute|press} to|instructions to|how on earth do I|what does it take to|"
    "{I'm trying|I am going|we plan|we want|somebody asked me} to|am I able to|could I|would it be possible to|in which way can I|"
    "what has to be done to|give me the {command|line|steps} to|where do I begin to|please let me|let's|quickest way to}"
)
_WHAT = (
    "{what is|what's|whats|explain|what does|tell me about|define|describe|what do you mean by|can you explain|please explain|"
    "what exactly is|I don't understand what|could you explain|help me understand|what on earth is|I want to know about|"
    "give me a definition of|do you know what|what is meant by|how would you describe|what's the idea behind|why do we need|"
    "the purpose of|what is the role of|in simple words, what is|what kind of thing is|what's the point of|meaning of|"
    "never heard of|I keep reading about|the docs mention|somebody mentioned|what role plays|what can you say about|"
    "what stands behind|the word|say something about|how do you use|why is there|what lies behind|I'd like to understand|"
    "teach me about|a few words on|how important is|where do I meet|who needs|what good is|what happens with|what about}"
)
_HERE = "{||||, please explain|, what is that| for you|, what's it for| good for| about|, do you know| for beginners| in your words| here| in this project| in this chat| in the project| of this project| in your system| in this system| in this app}"

TOPICS: dict[str, tuple[float, list[str], list[str]]] = {
    "run": (
        4,
        [
            "{get|have|make|bring|put} {the chat|it|this|the project|the server|the bot|the demo} {running|going|working|online|up|to work}{| locally| here| quickly}{?|}",
            f"{_HOW} {{get|have|make|see}} {_THIS} {{running|going|work|working|up and running}}?",
            f"{_HOW} {{try out|play with|turn on|power up|kick off|switch on|operate|test drive|have a look at|demo|warm up}} {_THIS}?",
            "{after|once I have} {cloning|downloading|unpacking|the checkout|a git clone|getting the code}, {what|then what|what then|which command} {do I do|comes next|do I run|do I type|is next}?",
            "{what|which command} {comes first|is the first step|is step one|do I start with|do beginners run}?",
            "{I just want to|let me|can I just} {see it|try it|run it|start it}{| on my laptop| on linux| right now}{.|?|}",
            f"{_HOW} {{run|start|launch|boot|try|start up|bring up|get started with|get going with|set up|install|use|execute|spin up|fire up|open|deploy locally|host}} {_THIS}{{| locally| on my machine| on my computer| on my laptop| at home| myself| quickly| for the first time}}?",
            "{where do I start|how do I get started|how do I begin|getting started|quick start|quickstart|first steps|how to start|how to run|run it|setup|installation|how does it start}{?|}",
            f"what {{command|do I type|do I have to type|do I enter|command do I need|is the command|is the first command}} {{starts|to start|to run|runs|for starting}} {_THIS}?",
            f"{{which|what}} command {{starts|runs|launches|boots}} {_THIS}?",
            "I {cloned|downloaded|checked out|have} the {repo|repository|code|project}, {what now|what next|and now|how do I start it|how do I run it|what do I do}?",
            f"{{what is|give me}} the {{quickest|fastest|easiest|simplest}} way to {{run|start|try}} {_THIS}?",
        ],
        [
            "Run `make run` in the project's folder, then open http://localhost:8000. It needs only Python 3.11 and `make`.",
            "`make run` does it all: packages, a private Redis, one worker and the server on http://localhost:8000.",
        ],
    ),
    "address": (
        1.2,
        [
            "{what|which link|which site|which page} do I {type into|put into|enter in|open in} {the|my} {address bar|browser|chrome|safari}?",
            "{where|on which port} {does it listen|is it served|does it live|is the page|do I go with my browser|do I look}{| after the start| when it runs}?",
            "{the|my} port {8000|} is {used|busy|in use|occupied|not free}{, what now|, can I change it|, another one|}?",
            f"{{at|under|on}} {{which|what}} {{address|url|port|host}} {{does|will}} {_THIS} {{run|listen|appear|be}}?",
            "{where|at which address} {can|do} I {open|find|see|reach|view} the {page|chat|site|web page|website|chat page}?",
            "{what is|what's} the {url|address|port|link}{| of the page| of the chat| of the server}?",
            "{which|what} port {does it use|is used|is it on|is it|do I open|does the server use}?",
            "{which|what} {page|url|address} do I open in {the|my} browser?",
            "how do I {change|set} the port?",
            "can I use {another|a different} port?",
        ],
        ["The page is at http://localhost:8000. For another port: `make run PORT=8001`."],
    ),
    "model": (
        4,
        [
            f"{_HOW} {{get|have|receive}} {{answers from|replies from|a reply by}} {_MODEL}?",
            "{which|what} {variable|setting|option|line in .env} {is for|says|names|holds|tells|points to|belongs to} {the model|the llm|which model|the model server|where the model is}?",
            "{you are|this model is|the demo is} {too small|not enough|too weak|too dumb for me}, {how do I|can I|I want to} {change that|get another|replace it|use a real one}?",
            "{the|another|a second|some other} {llm|model|language model|network} {behind|for|in|under} {the chat|this chat|this}, how?",
            "how {is|are|can} {a model|models|an llm|big models|other llms} {be |}{plugged in|connected|attached|configured|chosen|selected|set up|added|swapped}?",
            "{where|how} do I {tell|say to|show} {it|the worker|the chat} {which model|what model|where the model is}{| to use| to ask}?",
            f"{_HOW} {_CONNECT} {_MODEL}{{| here| to this| to it| with this| in this project| instead of you| to the chat}}?",
            "{which|what} {setting|variable|option|environment variable} {chooses|sets|selects|picks|changes|controls|decides|determines} {the model|which model answers|which model is used}?",
            "{where|how} {do|can} I {change|choose|set|select|swap|replace|exchange|configure|pick} the {model|llm|language model|ai}?",
            "what is {MODEL_URL|model_url|the MODEL_URL setting|the variable MODEL_URL} {|for|good for|about}?",
            f"{{can|could}} {{I|we}} {{use|connect|plug in|run}} {_MODEL}{{| here| with this| instead}}?",
            "{does it|can it|does this|can this} work with {other|larger|bigger|real|different|external|my own} models?",
            "how do I get {better|smarter|good|real|longer} {answers|replies}?",
            "{what|which} models {can I use|are supported|does it support|work|work here|can I plug in|can it use}?",
            "how do I make you {smarter|better|more clever|cleverer|more intelligent}?",
            "how do I {replace|get rid of|swap out} {you|the demo model|this small model|the default model}?",
        ],
        [
            "Set `MODEL_URL`, for example `MODEL_URL='openai+http://localhost:11434/v1?model=llama3.2' make run`. The page docs/models.md has all kinds.",
            "One variable chooses it: `MODEL_URL`. For example `openai+http://localhost:11434/v1?model=llama3.2`, or `local:<folder>` for GPT-J on this machine.",
        ],
    ),
    "openai": (
        1.5,
        [
            "{I have|I run|we use|there is|my company has} {ollama|vllm|llama.cpp|an openai server|an openai-compatible api|lm studio|an openai key}{| on this machine| here| at home}, {how do I use it|what do I set|can I connect it|what goes into MODEL_URL|how do I plug it in|does that work}?",
            "{example|the setting|the line|MODEL_URL} for {ollama|vllm|llama.cpp|openai|llama3|lm studio}{| please|?|}",
            "{ollama|vllm|llama.cpp|openai|an openai endpoint}{?| possible?| supported?| as a model?| here?| and this chat?}",
            f"{_HOW} {{use|connect|plug in|talk to|configure|set up|add}} {{ollama|vllm|llama.cpp|an openai server|openai|chatgpt|gpt-4|llama|an openai compatible server|the openai api|a local llama|llama 3|mistral|qwen|lm studio|an openai-compatible api}}{{| here| with this| as the model}}?",
            "{does it|can it|does this} {support|work with|speak to|talk to|run with} {ollama|vllm|llama.cpp|openai|chatgpt|the openai api|llama|openai-compatible servers|llama 3|mistral}?",
            "what {is the|'s the} {url|MODEL_URL|setting} for {ollama|vllm|llama.cpp|openai|an openai server|llama}?",
            "{can I use|is it possible to use|what about} {ollama|vllm|llama.cpp|openai|chatgpt|gpt-4|llama|mistral}{| here| with this}?",
        ],
        [
            "Any OpenAI-compatible server works: `MODEL_URL='openai+http://localhost:11434/v1?model=llama3.2' make run`. A key goes into `MODEL_API_KEY`.",
        ],
    ),
    "gptj": (
        2,
        [
            f"{_HOW} {{have|get|put}} {{gpt-j|gptj|the gpt-j weights|gpt-j 6b|a model file}} {{in the worker|in this process|on my disk|inside|on this computer|without another server}}?",
            "{gpt-j|gptj|gpt-j-6b}{?| locally?| in the worker?| on my gpu?| without a server?| how?}",
            "{what|which command} {fetches|pulls|gets|loads|brings} {gpt-j|the weights|the big model}?",
            "{is there|do you have} a command {for|to get|to download|that loads} {gpt-j|the model|the weights|models}?",
            f"{_HOW} {{run|use|get|download|install|fetch|load|convert|plug in|set up}} {{gpt-j|gptj|gpt j|GPT-J-6B|the gpt-j model|eleutherai gpt-j|gpt-j 6b|EleutherAI/gpt-j-6b}}{{| here| locally| on my machine| on my computer| without an api}}?",
            f"{_HOW} {{run|use|have|load}} {{a model locally|a local model|the model on my machine|a model on my computer|a model without a server|a model offline|a model in the worker}}?",
            "{what does|what is|how does} fetch_model {do|for|work}?",
            "how do I {download|fetch|convert} {a|the} model?",
            "{does it|can it|does this} {run|support|work with} {gpt-j|gptj|gpt-j-6b|gpt-j locally}?",
            "what does {local: mean|the local backend do|MODEL_URL local do}?",
            "{which|what} command {downloads|fetches|converts} {gpt-j|the model|a model}?",
        ],
        [
            "`python manage.py fetch_model EleutherAI/gpt-j-6b` downloads and converts it, then set `MODEL_URL=local:<folder>`. It runs inside the worker.",
        ],
    ),
    "huggingface": (
        1.5,
        [
            "{my|the|a} {hugging face|huggingface|hf} {token|key|account|endpoint|url|access token}{: where?| goes where?|, which variable?|, what do I set?| - how?}",
            "{I have|I use|we have} {a hugging face token|a huggingface endpoint|tgi|the inference api}, {what do I set|how do I use it|where does it go}?",
            f"{_HOW} {{use|connect|plug in|set up|configure}} {{hugging face|huggingface|a hugging face endpoint|hf|the hugging face api|the inference api|text generation inference|tgi|a hugging face model}}{{| here| with this}}?",
            "{does it|can it|does this} {support|work with} {hugging face|huggingface|tgi|the inference api}?",
            "where {do I put|goes|does|do I write} {my|the} {hugging face token|hf token|huggingface token|token of hugging face|hugging face key}{| go}?",
            "how do I set {my|the} {hugging face token|hf token|huggingface token}?",
        ],
        [
            "Set `MODEL_URL=https://api-inference.huggingface.co/models/EleutherAI/gpt-j-6B` and put your token into `HUGGINGFACE_INFERENCE_TOKEN`.",
        ],
    ),
    "apikey": (
        1,
        [
            "{which|what} variable {holds|is for|takes|has} {the api key|my key|the key of the server|my openai key}?",
            "{is|are} {an api key|a key|an account|a registration|a credit card|internet access|a gpu} {needed|required|necessary|a must}{| for this| for the demo|}?",
            "{do|must|should} I {sign up|register|pay|have an account|be online}{| first| for this|}?",
            "where {do I put|goes|do I write|do I set|do I enter} {my|the} {api key|key|model key|openai key|secret key for the model}?",
            f"do I need {{a key|an api key|an account|internet|a token|a gpu|a graphics card|a network|to pay|money}} {{|to run {_THIS}|to start|for {_THIS}|to try {_THIS}}}?",
            "{does it|is there a|does this} {cost|cost anything|cost money|need a key|need an account|need the internet|need a gpu|work offline|work without internet}?",
            "how do I set {the|my|an} {api key|key}?",
        ],
        ["No key, account or network is needed to try it. For servers that want a key set `MODEL_API_KEY`."],
    ),
    "checkmodel": (
        1,
        [
            "{try|test|check|probe|verify|debug} {the model|my model|my MODEL_URL|the model setting|the connection}{| from the shell| by hand| with a command| first|}{?|, how?|}",
            "{send|ask} {one|a single|a test} {message|prompt|question} {to|from} the model{| by hand| from the terminal|}{?|, how?|}",
            "{is|whether} my model {working|reachable|set up right|connected}{, how do I see that|, how can I find out|?|}",
            "how {do I|can I} {test|check|try|debug|verify} {the model|my model|if the model works|MODEL_URL|the model setting|whether the model works|my MODEL_URL}?",
            "{is there a|which} command {to test|tests|to check|checks|for testing} {the model|my model|the connection to the model}?",
            "what does check_model do?",
            "the model {doesn't work|does not answer|fails|gives an error|isn't answering}, {what now|what can I do|help|how do I debug it}?",
            "how do I know {if|that|whether} {my|the} model {works|is connected|is reachable}?",
        ],
        ['`python manage.py check_model "Hello"` sends one prompt and shows the stream, its speed and any error.'],
    ),
    "session": (
        2.5,
        [
            "{session|sessions}{?| - what?|: meaning?|, what are those?| explained?| for dummies?}",
            "{how|when|after how much time} {long is|is|does} {a session|my session|the session} {valid|closed|over|gone|removed|alive|thrown away}?",
            "{what does|what do you call} a session{| mean| consist of| hold| have}?",
            f"{_WHAT} {{a session|sessions|the session|a chat session|session}}{_HERE}{{| mean| means| is}}?",
            "how {long|many minutes|many hours} {does|will} {a|my|the} session {last|live|stay|exist|be kept}?",
            "when does {a|my|the} session {end|expire|die|time out}?",
            "how do {sessions|chat sessions} work?",
            "what {belongs to|happens in|is stored in|is in} a session?",
            "{why|what are|for what are} sessions {needed|for|used for}?",
        ],
        [
            "A session is one visitor's conversation, with a name, a token and a history. It lives one hour after its last activity.",
        ],
    ),
    "token": (
        2.5,
        [
            "{token|tokens}{?| - what?|: meaning?|, what are those?| explained?| for what?}",
            "{a client|my program|my script|an app|the browser} {needs|wants|has to get} a token, {how|where from|which call|what does it call}?",
            "{which|what} {endpoint|url|http call|request} {returns|makes|creates|hands out|issues} {a token|tokens}?",
            f"{_WHAT} {{a token|tokens|the token|token|a chat token|an access token}}{_HERE}{{| mean| means| is}}?",
            "how do I {get|create|make|obtain|request|ask for|generate} a {token|new token|chat token|session token|access token}?",
            "{where|from where} do I get {a|the|my} token?",
            "what {is the|are} {token|tokens} {for|good for|used for}?",
            "how does {the token|authentication|login|auth|authorization} work?",
            "how do I {log in|authenticate|sign in|start a session|open a session}?",
            "{which|what} {call|endpoint|request} gives me a token?",
        ],
        [
            "A token opens a session: `POST /token` with a name returns it, and the WebSocket takes it as `/chat?token=…`. Redis keeps only its hash.",
        ],
    ),
    "refresh": (
        0.8,
        [
            "{renew|rotate|refresh|exchange|extend|prolong|replace} {a token|my token|an old token|the token}{?|, how?|, which call?}",
            "{a new token|another token} for {an old one|the old one|my session}{?|, how?}",
            "how do I {refresh|renew|rotate|extend|prolong} {a|my|the} {token|session}?",
            "what {does|is} {refresh_token|/refresh_token|the refresh token call} {do|for}?",
            "my token {expired|has expired|is too old}, what now?",
            "how do I {get|read|load|fetch} {the|my} {old messages|history|earlier messages|session again} {with|by|from} {the api|a token|a call|http}?",
        ],
        [
            "`GET /refresh_token` returns the session with its history, `POST /refresh_token` gives a new token; the old one works 60 seconds longer."
        ],
    ),
    "worker": (
        2.5,
        [
            "{worker|workers|inference worker}{?| - what?|: meaning?|, what are those?| explained?| for what?}",
            "{what|which job|which work} {do|does} {workers|a worker|the worker process|worker processes|run_inference_worker} {do|have|all day}?",
            "{who|which process|what} {asks|calls|talks to|runs} the model?",
            f"{_WHAT} {{a worker|workers|the worker|an inference worker|the inference worker|worker|inference workers}}{_HERE}{{| mean| means| is| do}}?",
            "what {does|do} {a|the|an inference} worker do?",
            "how do {the workers|workers} work?",
            "what is the {job|task|purpose} of {a|the} worker?",
            "{why|for what} {do I need|does it need|are there} workers?",
            "what {does|is} run_inference_worker{| do| for}?",
            "who {answers|works on|processes} {the messages|my messages|a message}?",
        ],
        [
            "A worker takes waiting messages from Redis, asks the model and streams the reply back. Start one with `python manage.py run_inference_worker`.",
        ],
    ),
    "startworker": (
        2,
        [
            "{start|launch|run|add|begin} {a worker|another worker|one more worker|two workers|workers|a worker process}{| by hand| elsewhere| on a second machine| on another server|}{?|, how?|, which command?|}",
            f"{_HOW} {{have|get|use|put up}} {{more workers|a second worker|another worker process|ten workers|a worker on another machine|more power|more capacity}}?",
            "{many|more|a lot of|a thousand} {users|visitors|messages} {are coming|at once|arrive}, {how do I scale|what do I do|what do I add}?",
            "{how do I|how can I|how to|how would I} {start|run|launch|add|spin up} {a worker|another worker|more workers|an inference worker|a second worker|the worker|several workers|an additional worker}{| by hand| on another machine| manually}?",
            "{which|what} command {starts|runs|launches} {a worker|the worker|an inference worker|more workers}?",
            "what's the {command|command line} for {a worker|the worker|an inference worker}?",
            "{can I|is it possible to} {run|start|have|use} {several|many|more|two|multiple|ten} workers?",
            "how many workers {can I run|can I start|do I need|are possible|should I run|are allowed}?",
            "how do I scale {it|this|the workers|out|up|to more users}?",
            "how can it {scale|serve more users|handle more visitors|handle a thousand users}?",
        ],
        [
            "`python manage.py run_inference_worker` starts one. Run as many as you like, on any number of machines, with one Redis.",
        ],
    ),
    "workerdies": (
        2.5,
        [
            "{a|the|my|one} worker {died|crashed|is dead|was killed|is gone|disappeared|stopped|broke down|got killed|hangs}{| suddenly| just now| while answering}, {what now|what happens|is my message lost|and then|who answers|is all lost}?",
            "{what about|how about|and} {crashes|a crash|dead workers|a dying worker|kill -9|a lost worker|a worker crash|failures of workers}?",
            "{crash|death|loss|failure|end} of a worker{: what happens|, what then|?| - what follows?}",
            "{is|are} {my question|messages|the answer|a message|my text} {lost|gone|safe|forgotten|kept} {if|when|after} {a worker|the worker|one of them} {dies|crashes|breaks|vanishes|is killed}?",
            "{who|which worker} {finishes|takes|continues|answers} {the message|the reply|the work} {of|after} {a dead worker|a crash|a crashed one|a killed worker}?",
            "{how|in what way} {does it|does the chat|do you} {handle|survive|deal with|react to|recover from} {crashes|dead workers|a worker crash|failures|a dying worker}?",
            "what {happens|if|happens when|will happen|is|happens to my message} {if|when} {a|the|one} worker {dies|crashes|is killed|stops|fails|goes down|is gone|breaks|crashes in the middle|dies halfway}?",
            "{and|so} {if|when} {a|the} worker {dies|crashes|is killed|fails|goes down}?",
            "{can|could|do} {messages|a message|my message|my messages|replies} {be|get} lost?",
            "is {a|my} message lost {if|when} {a|the} worker {dies|crashes|fails|is killed}?",
            "{does it|can it|will it} {lose|ever lose} {messages|a message|my messages|data|replies}?",
            "how {reliable|safe|robust|durable} is {this|it|the chat|the queue}?",
            "what {happens|if} I kill {a|the} worker?",
            "who takes over {when|if} a worker {dies|crashes|fails|is dead}?",
            "{does|will} {it|the chat} survive {a crash|a dead worker|kill -9|a crashed worker|a power cut|a failure}?",
            "what happens to the {reply|message|work} of a {dead|crashed|killed} worker?",
        ],
        [
            "Nothing is lost: its message stays in Redis, and after a lease of 20 seconds another worker takes it over and answers.",
        ],
    ),
    "restart": (
        1,
        [
            "{redis|the redis server|redis itself|the server|the whole machine} {restarted|crashed|died|was down|is down|rebooted|had a power cut}, {what now|is anything lost|are my messages safe|and then}?",
            "{what about|how about|and} {a restart|a reboot|a power cut|redis crashing|redis going down|the server crashing}?",
            "what {happens|if|happens if|happens when} {redis|the redis server|the database} {restarts|dies|crashes|goes down|is restarted|is gone|fails|is away}?",
            "what {happens|if|happens if|happens when} {the web process|the server|daphne|django|the web server} {restarts|dies|crashes|goes down|is killed}?",
            "{does|will} {it|the chat|a message} survive a {restart|reboot|restart of redis|restart of the server}?",
            "{is anything|are messages} lost {when|if} {the server|redis} {restarts|crashes|goes down}?",
        ],
        [
            "With Redis's append-only file every accepted message survives: workers and web processes come back and go on where they were."
        ],
    ),
    "stream": (
        2,
        [
            "{stream|the stream|redis stream|redis streams}{?| - what?|: meaning?|, what is it?| explained?| for what?}",
            "{which|what} {stream|queue} do {workers|the workers} {listen to|take from|look at|use|wait on}?",
            "{how|by what} {are|do} {messages|tasks|jobs} {queued|handed over|passed to workers|get to the workers|reach workers}?",
            f"{_WHAT} {{the stream|a stream|the redis stream|a redis stream|message_channel|stream|the message channel}}{_HERE}{{| mean| means| is| do}}?",
            "how does the {stream|queue|redis stream|message queue} work?",
            "what is the {stream|redis stream|queue} {for|good for|used for}?",
            "{which|what} {queue|message broker|broker} {does it use|is used|is this built on|is behind this}?",
            "what {is|stands|lies} in the stream?",
            "how do {messages|my messages} {reach|get to} {the worker|the workers|the model|a worker}?",
        ],
        [
            "The stream is a Redis Stream named `message_channel`. It carries wake-ups: each names a session that has messages waiting for a worker.",
        ],
    ),
    "mailbox": (
        1.5,
        [
            "{mailbox|the mailbox|mailboxes}{?| - what?|: meaning?|, what is it?| explained?| for what?}",
            "{may|can|could|should} I {send|write|type|post} {two|several|more|many|three} {messages|questions|lines} {at once|in a row|before you answer|quickly|without waiting|one after another}?",
            "{where|in what} {are|do} {unanswered|waiting|queued|my next} messages {kept|wait|stored|held}?",
            f"{_WHAT} {{the mailbox|a mailbox|mailbox|mailboxes|the session's mailbox}}{_HERE}{{| mean| means| is| do}}?",
            "where do {messages|my messages|waiting messages} {wait|stay|go first|queue up|live before they are answered}?",
            "what happens {if|when} I {send|write} {several|many|two|three|more} messages {at once|quickly|in a row|before an answer}?",
            "can I {send|write} {another|a second} message {while|before} you {answer|reply|write}?",
            "how many messages can wait?",
            "what is the mailbox {for|good for}?",
        ],
        [
            "The mailbox is a session's own list of waiting messages in Redis. They are answered one at a time, in order; up to 8 may wait.",
        ],
    ),
    "lease": (
        1.5,
        [
            "{lease|the lease|leases|a lease}{?| - what?|: meaning?|, what is it?| explained?| for what?}",
            "{how long|how many seconds|when} {may|can|must} a worker {be silent|be quiet|say nothing|hang|sleep}{| before it counts as dead| before another takes over|}?",
            "{when|after what time|how soon} {is|does} a {worker|dead worker|silent worker} {replaced|counted as dead|given up|lose its work|noticed}?",
            f"{_WHAT} {{the lease|a lease|lease|leases|CHAT_LEASE_S|the worker's lease}}{_HERE}{{| mean| means| is| do}}?",
            "how long is {the|a} lease?",
            "what is the lease {for|good for}?",
            "{how long|how many seconds} {until|before|does it take until|will it take until} {another|a new} worker takes over?",
            "how does {another|the next} worker {know|notice|see} that {one|a worker} is dead?",
            "when does another worker take over?",
        ],
        [
            "The lease is how long a worker may be silent: 20 seconds. A living worker renews it; when it runs out, another takes the message over.",
        ],
    ),
    "fencing": (
        0.8,
        [
            "{fencing|fencing token|a fencing token}{?| - what?|: meaning?|, what is it?| explained?| for what?}",
            "{could|can|might|will} a message {get|have|receive} two {answers|replies}?",
            "{a|one} {worker|process} {hangs|froze|sleeps} and {wakes up|comes back} {later|again}, {does it answer twice|what happens|is that a problem}?",
            f"{_WHAT} {{a fencing token|the fencing token|fencing|fencing tokens}}{_HERE}{{| mean| means| is| do}}?",
            "can {two workers|a frozen worker|a slow worker} {answer twice|write twice|answer the same message|answer one message twice}?",
            "what {if|happens if|happens when} a {frozen|slow|hanging|paused} worker {wakes up|comes back}?",
            "{is a message|can a message be} answered twice?",
            "how do you {avoid|prevent} {two answers|double answers|duplicates|double replies}?",
        ],
        [
            "Each attempt gets a new fencing token, and Redis refuses writes with an old one. So a message is answered once, even if a frozen worker wakes up."
        ],
    ),
    "history": (
        2,
        [
            "{history|the history|chat history}{?| - what?|: meaning?|, what is it?| explained?| for what?}",
            "{where|how|in which format|in what form} {do you|does it|does the chat|are} {keep|store|save|hold|kept|stored|saved} {the messages|the history|conversations|what was said|old chats|my words}?",
            f"{_WHAT} {{the history|a history|history|the chat history|the json history}}{_HERE}{{| mean| means| is| do}}?",
            "where {are|do you keep|is|does it store|do you store|are you keeping} {the messages stored|the messages|messages stored|the history stored|the history|my messages|the conversation|conversations|old messages|chats saved}?",
            "how is the {history|conversation|chat} {stored|kept|saved}?",
            "{are|is} {my messages|the conversation|our chat|the chat|chats} {stored|saved|kept|recorded}{| anywhere| somewhere}?",
            "{how long|for how long} {is the history|are messages|are my messages|is the chat} kept?",
        ],
        [
            "The history is the session's conversation, kept as JSON in Redis. It goes when the session expires, one hour after its last activity.",
        ],
    ),
    "export": (
        1,
        [
            "{download|export|save|keep|take|print|get} {the conversation|our chat|this chat|my messages|the history|what we said}{| as markdown| as json| as a file| to my disk|}{?|, how?|, possible?|}",
            "{how do I|how can I|can I|is it possible to|how to} {download|export|save|get a copy of} {the|my|our|this} {history|conversation|chat|messages|dialogue}?",
            "{is there an|where is the} {export|download}?",
            "how do I get the {history|conversation|chat} as {a file|json|markdown|text}?",
        ],
        [
            "`GET /history?format=md` or `format=json` downloads the whole conversation; the page has a button for it."
        ],
    ),
    "context": (
        1,
        [
            "{what|how much|which part|how many messages} {of our chat|of the conversation|of the history|of what I said} {does the model see|is sent|is used|do you see|goes to the model|is in the prompt}?",
            "{more|longer|better|a longer|a bigger} {memory|context|window}{?|, how?|, which variable?| for the model?}",
            f"{_WHAT} {{the context|the context window|CHAT_CONTEXT_MESSAGES|the window|the short-term memory|short term memory}}{_HERE}{{| mean| means| is}}?",
            "how many {earlier|old|previous|past} messages {does the model see|are sent to the model|does the model get|are given to the model}?",
            "{how do I|can I} {change|increase|raise|enlarge} {the memory|the context|the number of messages|the window|your memory}?",
            "what does the model {see|get|receive}?",
            "{how does|what does} the prompt {look|look like|work|contain}?",
            "how does the {memory|short-term memory|context} work?",
        ],
        ["The model gets the last 4 messages and the new one. `CHAT_CONTEXT_MESSAGES` sets how many."],
    ),
    "tests": (
        1.8,
        [
            "{run|start|execute|do|launch} {the tests|all tests|every test|the test suite|some tests}{?|, how?|, which command?|}",
            "{check|see|verify|find out} {if|whether|that} {it works|the tests pass|my change works|nothing is broken|all is fine}{?|, how?|}",
            "{tests|the tests|testing|test suite}{?| - how?|, which command?|: how?}",
            "{how do I|how can I|how to|how would I|can you tell me how to|I want to} {run|start|execute|launch} the {tests|test suite|unit tests|test|whole test suite}?",
            "{which|what} command {runs|starts} the {tests|test suite}?",
            "how {do I|can I} test {this|it|the project|this project|the code|my change|my changes|that it works}?",
            "{are there|does it have|is there} {tests|any tests|a test suite|unit tests}?",
            "run tests{|?}",
            "what's the command for {the tests|testing|tests}?",
            "{how is|is} {this|it|the project} tested?",
        ],
        ["`make test` sets everything up and runs all tests."],
    ),
    "check": (
        0.8,
        [
            "{lint|linting|type checks|types|the linter|mypy|ruff|formatting}{?|, how?|, which command?| for this?}",
            "{check|lint} {my code|the code|the style|the types|my changes}{| before a commit|}{?|, how?|}",
            "{how do I|how can I|how to} {lint|check|format|type check|check the style of} {the code|my code|it|the project|my change}?",
            "{which|what} {linter|type checker|formatter|tools} {is used|do you use|does it use|are used}?",
            "what does make check do?",
            "how do I run {ruff|mypy|the linter|the type checker|the lint}?",
        ],
        ["`make check` runs ruff, strict mypy, the import contracts and the template lint."],
    ),
    "bench": (
        0.8,
        [
            "{benchmarks|benchmark|speed|throughput|performance}{?|, how?|, which command?| numbers?}",
            "{how|is it} {fast|quick|slow} {is it|enough|is the chat|really}?",
            "{measure|benchmark|test} {the speed|it|the throughput|how fast it is}{?|, how?|}",
            "how {fast|quick} is {this|it|the chat|the project|the server}?",
            "how do I {run the benchmark|run the benchmarks|measure the speed|benchmark it|benchmark this|measure it}?",
            "how many messages {per second|a second} {can it do|does it handle|are possible|can it handle}?",
            "what is the {performance|throughput|latency|speed}{| of this| of this project| of the chat}?",
            "{what does|what's} make bench{| do|}?",
        ],
        [
            "`make bench` measures it on your machine; on two cores it was about 2,000 messages per second. See docs/performance.md."
        ],
    ),
    "admin": (
        1.5,
        [
            "{admin|the admin|admin page|django admin|staff page|administration}{?|, where?|, how?| address?| url?}",
            "{see|list|watch|look at|inspect} {all sessions|the sessions|running chats|every session|who is there}{?|, where?|, how?| as staff?}",
            "{become|create|make|add|get} {an admin|a superuser|a staff user|an administrator|an admin account}{?|, how?|}",
            "{where|how} {is|do I find|do I open|can I see|do I get to|can I open|do I reach|can I find} the {admin|admin page|admin pages|admin area|admin panel|django admin|administration|admin interface|dashboard}?",
            "{is there an|does it have an|do you have an} {admin|admin page|admin interface|admin panel|dashboard}?",
            "how do I {create|make|add} {an admin|a superuser|an admin user|a staff account|an admin account}?",
            "how do I {see|list|view|watch|monitor} {the sessions|all sessions|who is chatting|running sessions|the users}?",
            "what does the admin show?",
            "how do I log {into|in to} the admin?",
        ],
        [
            "The admin is at http://localhost:8000/admin/ and shows the sessions. Make an account with `python manage.py createsuperuser`."
        ],
    ),
    "embed": (
        1.8,
        [
            "{embed|embedding|integrate|use|show|put} {the chat|it|this bot|the bot|this} {on|in|into|at} {my site|my page|our shop|our homepage|another website|a blog|a company site|other pages}{?|, how?|, possible?|}",
            "{my|our|another|a foreign} {site|page|website|shop|homepage|origin|domain} {should|wants to|shall|may|must} {use|have|call|show|embed} {the chat|it|this bot|the api}{?|, how?|, what do I set?|}",
            "{cors|cors errors|origins|allowed origins|origin not allowed}{?|, what now?|, which variable?|, how?}",
            "{how do I|how can I|can I|how to|is it possible to|how would I|I want to} {embed|integrate|put|include|use|add|place|show} {this|it|the chat|this chat|the chatbot|the bot} {in|on|into} {my|our|another|a} {site|website|web page|page|own site|homepage|app|web site|blog|shop}?",
            "{how do|can} other {sites|pages|origins|websites|domains} {use|call|reach|connect to} {it|the chat|the api|this}?",
            "what is CHAT_ALLOWED_ORIGINS{| for}?",
            "how {do I|can I} allow {another|an} origin?",
            "I get a cors error{|, what now}?",
            "{embedding|how does embedding work|can it be embedded}{?|}",
        ],
        [
            "Name your site in `CHAT_ALLOWED_ORIGINS`. Then its pages may get a token with `POST /token` and open the WebSocket `/chat`."
        ],
    ),
    "websocket": (
        1.2,
        [
            "{connect|talk|write|send} {with|over|through|by|from} {a websocket|wscat|the websocket|python|my script|my own client|the terminal|postman}{?|, how?|, which url?|}",
            "{websocket|wscat|ws address|the socket}{?|, how?| url?| address?| example?}",
            "{how do I|how can I|how to} {talk|connect|speak} to {it|the chat|the server|this|the bot} {with a websocket|by websocket|over websocket|with wscat|from the command line|from a program|from my code|from a script|with postman|in python}?",
            "{what is|where is|what's} the {websocket|web socket} {address|url|endpoint|path}?",
            "what is {wscat|the plain protocol|chatbot.v1|the subprotocol}?",
            "{is there an|does it have an} api?",
            "how do I use the {api|websocket|websocket api|http api}?",
            "how does the {websocket|protocol|socket} work?",
        ],
        [
            "Get a token with `POST /token?name=Ann`, then `wscat -c 'ws://localhost:8000/chat?token=…'` and write a line. Frames are in docs/protocol.md."
        ],
    ),
    "apidocs": (
        0.7,
        [
            "{api docs|openapi|swagger|the schema|http api|api documentation|list of endpoints}{?|, where?|}",
            "where {is|are|do I find|can I find|can I read} the {api docs|api documentation|openapi schema|swagger page|api reference|schema|swagger}?",
            "{is there|do you have} {an openapi schema|api documentation|swagger|a schema}?",
            "{which|what} {endpoints|calls|http calls|urls} {are there|does it have|exist|does the api have}?",
        ],
        ["The HTTP API is described at http://localhost:8000/docs, its OpenAPI schema is at `/schema`."],
    ),
    "docs": (
        1,
        [
            "{docs|documentation|manual|readme|more info|details|further reading}{?|, where?|}",
            "{where|what} can I {read|study|look up|find} {more|everything|the details|longer texts|explanations}{?|}",
            "where {is|are|do I find|can I read|can I find} the {docs|documentation|manual|readme|documents|instructions}?",
            "{is there|do you have} {documentation|a manual|a readme|any docs|more documentation}?",
            "where can I {read|learn|find out} more{| about this| about the project| about it}?",
            "what should I read{| first}?",
        ],
        [
            "Start with README.md. The folder `docs/` has protocol.md, models.md, reliability.md and performance.md."
        ],
    ),
    "redis": (
        1.2,
        [
            "{redis|redis server|my redis|our redis|redis url|own redis}{?|, needed?|, which version?|, how do I set it?| necessary?}",
            "{install|set up|start|have|bring} {redis|a redis server|my own redis}{| first| before| myself|}{?|, needed?|, must I?}",
            "{another|my|our|the company's|an existing|a remote} redis{?| instead?|, how?|, which variable?| server, how?}",
            "{what is|why do you use|why is there|what do you need|why does it need|what does it use} redis{| for| here}?",
            "{do I need|does it need|must I install|do I have to install} {redis|a redis server|my own redis}?",
            "{which|what} {redis|version of redis|redis version} {do I need|does it need|is needed|is required|works}?",
            "{how do I|how can I|how to} {use|set|connect|configure} {my own redis|redis|another redis|a redis server|redis cloud|an external redis}?",
            "what is REDIS_URL?",
            "what role does redis play{| here}?",
        ],
        [
            "Redis 6.2 or newer holds sessions, queue and history. `make run` starts a private one; set `REDIS_URL` to use your own."
        ],
    ),
    "database": (
        0.7,
        [
            "{database|sql|postgres|sqlite|mysql}{?|, needed?|, what for?| here?|, which one?}",
            "{which|what} database {do you use|does it use|is used|do I need|is needed}?",
            "{do I need|does it need} {postgres|postgresql|mysql|a database|sql|a sql database}?",
            "what is {DATABASE_URL|in the database|stored in sql|in sqlite}{| for}?",
            "how do I use {postgres|postgresql}?",
        ],
        [
            "SQL holds staff accounts only: SQLite by default, PostgreSQL with `DATABASE_URL`. The chats are in Redis."
        ],
    ),
    "settings": (
        1.2,
        [
            "{settings|configuration|options|environment variables|env file|config}{?|, where?|, which are there?| list?}",
            "{change|set|find|see|list} {a setting|the settings|the configuration|an option|all options}{?|, how?|, where?|}",
            "where are {the|all|the other} {settings|options|environment variables|variables|configuration options}?",
            "how do I {configure|change the settings of|set options of} {this|it|the project|the chat|the server}?",
            "{which|what} {settings|environment variables|options|variables} {are there|exist|can I set|does it have}?",
            "what is {the .env file|.env|.env.example|in .env.example}?",
            "where {do I put|do I write|go|do} {the|my} {settings|environment variables|variables|configuration}{| go}?",
        ],
        ["All settings are environment variables. Copy `.env.example` to `.env`: it lists each with its default."],
    ),
    "deploy": (
        1.2,
        [
            "{production|deployment|hosting|going live|deploying|real server}{?|, how?|, which commands?|: how?}",
            f"{_HOW} {{run|have|put|host|serve}} {_THIS} {{in production|for real users|on a server|publicly|for customers|on a public machine}}?",
            "{how do I|how can I|how to|how would I} {deploy|host|install|run} {this|it|the chat|the project} {in production|on a server|on my server|for real|publicly|in the cloud|on the internet|with docker|on linux}?",
            "{which|what} command starts {a web process|the web process|daphne|the web server}?",
            "how do I {start|run} {a web process|the web server|daphne|only the server}?",
            "how do I {go live|deploy|put it online}?",
            "{is it|is this} {ready for production|production ready}?",
        ],
        [
            "Start `daphne chatbot_project.asgi:application` for the web and `python manage.py run_inference_worker` for the model, with `REDIS_URL` and a secret key set.",
        ],
    ),
    "limits": (
        1,
        [
            "{limits|rate limit|maximum length|message size|how many messages}{?|, which?| per minute?}",
            "{is there|what is} a {limit|maximum|bound} {for|on|of} {messages|the length|the size|my messages|characters}{?|}",
            "{what|which} limits {are there|exist|does it have|apply}?",
            "{is there|do you have|what is} {a rate limit|rate limiting|the rate limit|a limit}?",
            "how {long|big} {can|may} {a|my} message be?",
            "how many {messages|characters} {can I send|per minute|are allowed|may I write}{| per minute| in a message}?",
            "why {am I|was I|do I get|did I get} {rate limited|rate_limited|a 429|429|blocked|too_long}?",
            "what is the {longest|maximum} {message|name|length of a message}?",
        ],
        [
            "A message may have 4000 characters, and a session may send 30 messages a minute. `.env.example` lists all limits."
        ],
    ),
    "order": (
        0.8,
        [
            "{order|the order|sequence} of {answers|replies|messages}{?|, kept?| guaranteed?}",
            "{will|do|are} {the answers|replies|answers} {come|arrive|sent|given} {in order|in the right order|one by one|mixed up}?",
            "in {what|which} order are {messages|my messages} answered?",
            "{is|does} {the order|it} {kept|keep the order|guaranteed}?",
            "are {my messages|messages} answered in order?",
            "{are|can} two messages {of one session|of mine|from me} {answered|be answered} at {once|the same time}?",
        ],
        ["The messages of one session are answered one at a time and in order, however many workers there are."],
    ),
    "reload": (
        0.9,
        [
            "{reload|a reload|closing the tab|lost connection|no wifi|page refresh|second tab}{?|, what then?|, is the reply lost?|, do I lose something?}",
            "{if|when} {I reload|my internet dies|the page is closed|I lose wifi|I come back later}{, what happens|, is the answer lost|, do I miss something|, and then}?",
            "what {happens|if|happens if|happens when} I {reload|close|refresh|leave} {the page|the tab|my browser|the browser|this page|the window}?",
            "what {happens|if|happens if|happens when} {my connection breaks|I lose the connection|the network is gone|my wifi drops|I open a second tab|I go offline}?",
            "can I {reload|close} the {page|tab}{| while you answer| during a reply}?",
            "does {reloading|closing the tab|a reload} {stop|cancel} {the reply|you|the answer}?",
        ],
        [
            "Nothing is missed: the reply goes on, and when you come back you see all of it. Only the stop button ends a reply."
        ],
    ),
    "stop": (
        0.7,
        [
            "{how do I|how can I|can I|how to} {stop|cancel|interrupt|end|abort} {a reply|an answer|you|the answer|your answer|the reply|a message}?",
            "{is there|where is} {a stop button|the stop button}?",
            "{how do I|can I} {retry|repeat|regenerate|try again|get another answer}{| a message| an answer}?",
        ],
        [
            "The page has buttons for it: stop ends a reply and keeps what was written, retry answers a message again."
        ],
    ),
    "about": (
        2,
        [
            "{this project|the project|this repo|this software}{?|, what is it?| in short?| in one line?| explained?}",
            "{what|why} {is this|was this|do people need this|would I use this|is all this}{| for| made| built| about}?",
            "what {is|does} {this project|the project|this software|this program|this app|this repository|this repo|this code}{| do| about| for}?",
            "{tell me about|explain|describe|what can you say about|summarize|introduce} {this project|the project|this software|this app|this repo}.",
            "what is {special|new|good|different|interesting} about {this project|this chat|this|it}?",
            "{why|what} {should I use|is so good about|makes special} {this|this project|it}?",
            "what {can|does} {this project|the project|this software} {do|offer}?",
            "what's {this project|the project|all this} {about|good for|for}?",
            "what {are|is} {the features|the promises|the main idea|the purpose of this|the goal of this project|the point of this project}?",
        ],
        [
            "It is a chat backend on Django Channels for your own model: every accepted message is answered once, in order, whatever crashes in between."
        ],
    ),
    "stack": (
        1,
        [
            "{which|what} {libraries|packages|tools|parts|frameworks} {are in it|are inside|does it build on|is it made of|lie under it}?",
            "{tech stack|technology|framework|programming language|built with}{?|, which?}",
            "{what|which} {technology|technologies|framework|frameworks|stack|tech stack|tools|language|programming language} {does it use|is it built with|is this built with|is used|are used|do you use|is it written in|is this written in}?",
            "{how|in what} is {this|it|the project|the chat} {built|made|written|programmed|implemented}?",
            "is {this|it} {django|python|written in python|flask|node|a django project|javascript}?",
            "what is {django channels|channels|daphne}{| for| here}?",
        ],
        [
            "It is Python: Django with Channels and Daphne, Redis Streams for the queue, and CTranslate2 for local models."
        ],
    ),
    "path": (
        0.9,
        [
            "{what|where} {happens to|goes|becomes of} {my message|my text|a message|what I write}{| after I send it| when I send it| next| inside}?",
            "{journey|way|path|route|life} of a message{?|, please?|, explained?}",
            "how does {this|it|the chat|the system|this chat|the project} work{| inside| internally|}?",
            "what {is the path of a message|happens to a message|happens when I send a message|happens with my message|does a message go through}?",
            "{explain|describe|show me} the {architecture|path of a message|design|structure|way of a message}.",
            "what is the architecture{| of this| here| of the project}?",
        ],
        [
            "The page sends your message over a WebSocket, it waits in Redis, a worker takes it, asks the model and streams the reply back piece by piece."
        ],
    ),
    "python": (
        0.7,
        [
            "{python version|requirements|prerequisites|dependencies|system requirements}{?|, which?}",
            "{which|what} {version|python|software|system} {should I|must I|do I} {have|install|use|need}{| first|}?",
            "{which|what} {python|version of python|python version} {do I need|does it need|is needed|is required|works}?",
            "what {do I need|is needed|are the requirements|do I have to install|must be installed|are the dependencies}{| to run it| first|}?",
            "does it {run|work} on {windows|linux|mac|a mac|macos|debian|ubuntu|my laptop}?",
            "{what are the|any} {requirements|prerequisites}?",
        ],
        ["It needs Python 3.11 or newer and `make`, nothing else. `make run` installs the rest into `.venv`."],
    ),
    "licence": (
        0.7,
        [
            "{licence|license|open source|copyright|terms of use}{?|, which?}",
            "{may|can|am I allowed to} I {use|take|sell|change|ship|share} {it|this|the code|this software} {at work|in my product|for money|in my company|freely|in a shop}?",
            "{what|which} {licence|license} {is it|does it have|is this|is used|applies}?",
            "is {this|it|the project} {open source|free|free software|mit}?",
            "{can|may} I {use|sell|change|copy|fork|modify} {this|it|the code}{| commercially| freely| for free|}?",
            "what is the {licence|license}?",
        ],
        ["It is open source under the MIT licence, so you may use and change it freely."],
    ),
    "backend": (
        0.7,
        [
            "{own|custom|new|special|another} {backend|model backend|model server|kind of model}{?|, how?|, where?| in code?}",
            "{how do I|how can I|how to} {write|make|add|build|create|implement} {a backend|my own backend|a new backend|a model backend|another backend|a custom backend}?",
            f"{_WHAT} {{a backend|backends|a model backend}}{_HERE}{{| mean| means| is}}?",
            "how do I {add|support} {another|a new} kind of model?",
        ],
        [
            "A backend is one class with `name`, `stream` and `close`, in one file. The page docs/models.md shows a complete one."
        ],
    ),
    "echo": (
        0.6,
        [
            "{what is|what does|whats} {the echo model|echo|the echo backend|echo:|MODEL_URL echo}{| do|}?",
            "how do I {run|test|use} it without {a model|any model}?",
            "is there a {fake|test|dummy} model?",
        ],
        ["`MODEL_URL='echo:?delay_ms=20'` sends your message back word by word: for tests and benchmarks."],
    ),
    "temperature": (
        0.6,
        [
            f"{_WHAT} {{the temperature|temperature|MODEL_TEMPERATURE}}{_HERE}{{| mean| means| is}}?",
            "how do I {set|change|lower|raise} the {temperature|length of replies|reply length|maximum length}?",
            "how {long|many tokens} can {a reply|an answer|your answer} {be|have}?",
            "what is MODEL_MAX_NEW_TOKENS?",
        ],
        [
            "`MODEL_TEMPERATURE` says how freely the model chooses words, `MODEL_MAX_NEW_TOKENS` how long a reply may get."
        ],
    ),
    "health": (
        0.6,
        [
            "{health|health check|monitoring|metrics|prometheus|uptime|probe|load balancer}{?|, how?|, which url?|}",
            "{how do I|how can I} {monitor|check the health of|watch} {it|this|the server|the chat|the project}?",
            "{are there|is there|where are} {metrics|a health check|health checks|prometheus metrics|the metrics}?",
            "what is {/healthz|/readyz|/metrics|healthz|readyz}?",
            "how do I know {that|if} {the server|it} is {up|healthy|alive}?",
        ],
        [
            "`/healthz` says that the process lives, `/readyz` that Redis and a worker are there, `/metrics` is for Prometheus."
        ],
    ),
    "faults": (
        0.5,
        [
            "{how do I|how can I} {test|try|see} {the crashes|failures|what it survives|random kills|the reliability|that nothing is lost}?",
            "what does make faults do?",
            "{can you|how do you} prove {it|that it loses nothing|that nothing is lost|the promises}?",
        ],
        ["`make faults MINUTES=30` kills and restarts everything at random and then checks every promise."],
    ),
    "train": (
        0.6,
        [
            "{train|retrain|teach|improve} {you|the small model|the embedded model|this model}{?|, how?|, where?|}",
            "how do I {train|retrain|improve|teach|fine-tune} {you|the demo model|this model|the small model|the embedded model}?",
            "can I train {you|the demo model|my own small model}?",
            "where is {your training code|the training code|the code that trained you|the training data}?",
            "how {was the embedded model|were you} trained?",
        ],
        [
            "The folder `training/` has all of it: the generator, the training and the evaluation, one command each. See training/README.md."
        ],
    ),
    "channellayer": (
        0.7,
        [
            "{how|by what way} {does|do} {the answer|a reply|the words|each token|your words} {get|come|arrive|travel} {here|to me|to my screen|to the browser|to the page}?",
            f"{_WHAT} {{the channel layer|a channel layer|channel layers|redis pub/sub|pub/sub|a delta|deltas|the deltas}}{_HERE}{{| mean| means| is| do}}?",
            "how {do|does} {the pieces|the reply|the tokens|each piece|the words|an answer} {reach|get to|come to|arrive at} {the browser|the page|my browser|the client}?",
            "how are {replies|answers|the replies} streamed{| to the page| to the browser}?",
            "how does {streaming|the streaming} work?",
        ],
        [
            "Workers send each piece of a reply through the channel layer to the sockets of its session, so it appears while it is written."
        ],
    ),
    "consumer": (
        0.6,
        [
            f"{_WHAT} {{a consumer|the consumer|consumers|the chat consumer|ChatConsumer}}{_HERE}{{| mean| means| is| do}}?",
            "what does the consumer do?",
            "which code {handles|serves|answers} the websocket?",
            "where is the {websocket code|code of the websocket}?",
        ],
        [
            "The consumer in chat/consumers.py serves one WebSocket: it checks each frame, queues messages and passes replies on. It touches no model."
        ],
    ),
    "wakeup": (
        0.6,
        [
            f"{_WHAT} {{a wake-up|wake-ups|the wake-up|a wakeup|wake up entries}}{_HERE}{{| mean| means| is| do}}?",
            "what are wake-ups {for|good for}?",
            "how does a worker {know|notice|learn} that {a message waits|there is work|something is waiting|there is a new message}?",
        ],
        [
            "A wake-up is an entry in the Redis Stream that names a session with waiting messages. Each such session has exactly one."
        ],
    ),
    "deadletters": (
        0.6,
        [
            "{dead letters|dead letter queue|poison message|gave_up}{?|, what?|, when?| meaning?}",
            f"{_WHAT} {{dead letters|a dead letter|dead_letters|the dead letters|gave_up}}{_HERE}{{| mean| means| is| do}}?",
            "what happens to {a message that kills workers|poison messages|a poison message|a message that always fails|a message that crashes every worker}?",
            "how often is a {failed|failing} message tried{| again}?",
        ],
        [
            "A message whose processing ended three workers goes to `dead_letters` and fails visibly, so the session can go on."
        ],
    ),
    "lua": (
        0.5,
        [
            f"{_WHAT} {{the lua scripts|lua scripts|lua|the scripts in redis|a lua script}}{_HERE}{{| mean| means| is| do| for}}?",
            "why {do you use|are there|does it use} lua{| scripts}?",
            "where are the {lua scripts|redis scripts}?",
        ],
        [
            "Lua scripts change a session's state in Redis in one step, such as accept, claim, flush and commit. They are in chat/lua/."
        ],
    ),
    "rolling": (
        0.6,
        [
            "{update|upgrade|rolling restart|sigterm|downtime|deploy a new version}{?|, how?|, safe?| without loss?}",
            "how do I {update|upgrade|redeploy|restart} {it|this|the chat|the server|the workers} {without losing messages|safely|without downtime|while people chat}?",
            "what happens {on|at} {SIGTERM|a rolling restart|a deployment|shutdown|an update}?",
            "{can I|is it safe to} {restart|stop|update} {the workers|a worker|the server}{| while people chat| at any time}?",
            "how do I stop a worker {cleanly|gracefully|properly}?",
        ],
        [
            "On SIGTERM a worker finishes what it can and hands the rest to the others, so a rolling restart loses nothing."
        ],
    ),
    "proxy": (
        0.5,
        [
            "{do I need|should I use|how do I set up|how do I configure} {a reverse proxy|nginx|caddy|a proxy|tls|https|ssl|a certificate}{| in front| for this}?",
            "how do I {use|get|enable|turn on} {https|tls|ssl}?",
            "what is DJANGO_BEHIND_TLS?",
        ],
        ["Put a reverse proxy in front that ends TLS and limits request bodies, and set `DJANGO_BEHIND_TLS=1`."],
    ),
    "targets": (
        0.8,
        [
            "{commands|make commands|make targets|targets}{?|, which?| list?| overview?}",
            "{which|what} {commands|make targets|targets|make commands|commands of make} {are there|do you have|exist|does it have|can I use}?",
            "{list|show me|tell me|give me} {all the|the} {commands|make targets|important commands}.",
            "what can make do{| here}?",
            "{which|what} commands do I need{| to know}?",
        ],
        ["The main ones are `make run`, `make test`, `make check` and `make bench`; `make help` lists all."],
    ),
    "embedded": (
        0.8,
        [
            "{where|in which folder|in which directory} {do you|does the demo model|does the embedded model|are your weights} {live|lie|come from|stored|kept}?",
            f"{_WHAT} {{the embedded model|the default model|the demo model|the built-in model|the mini model}}{_HERE}{{| mean| means| is| do}}?",
            "where {is|are} {the embedded model|the demo model|your weights|your files|your model file|the default model}{| stored| kept|}?",
            "{what|which} model is {the default|used by default|there by default}?",
            "what happens {if|when} MODEL_URL is {not set|empty|unset}?",
            "why is there {an embedded|a demo|a small} model?",
        ],
        [
            "The embedded model is me: a small GPT-J in `inference_worker/embedded/`, used when `MODEL_URL` is not set. It needs no key and no network."
        ],
    ),
    "authors": (
        0.4,
        [
            "who {wrote|made|built|develops|maintains|created} {this|this project|the project|this software|this code|the code}?",
            "{who are|what are the names of} the {authors|developers|maintainers}?",
            "where is the {source code|source|code|repository|source code of this}?",
        ],
        ["The code is in the folder that you run it from; its git history and the file LICENSE name the authors."],
    ),
    "security": (
        0.6,
        [
            "{is it|is this|how} {safe|secure|private}{| is this| is it|}?",
            "{can|could} {others|other people|another visitor|somebody else|anyone} {see|read} {my messages|my chat|this|what I write|our conversation}?",
            "{who|can anybody} {can read|see|sees|reads} {my messages|what I write|this chat}?",
            "is my {data|chat|conversation} {safe|private|secure|secret}?",
        ],
        [
            "No session sees another's words: each needs its own token, of which Redis keeps only the hash. The site's operator can read the chats."
        ],
    ),
}
_NAMES = list(TOPICS)
_WEIGHTS = [TOPICS[name][0] for name in _NAMES]


def about_project(rng: Random, memory: Memory) -> Exchange:
    _, wordings, replies = TOPICS[rng.choices(_NAMES, _WEIGHTS)[0]]
    wording = expand(rng, rng.choice(wordings))
    return scrambled(rng, wording) if rng.random() < 0.3 else as_typed(rng, wording), say(rng, replies)
