"""Questions about this project, with true answers. The words are those of README.md, docs/protocol.md and docs/models.md."""

from random import Random

from training.data.names import Exchange, Memory
from training.data.noise import as_typed
from training.data.wording import expand, say

_THIS = "{this|it|the project|this project|this thing|the chat|this chat|this chatbot|the app|the server|the chatbot|everything|the bot|this app|the whole thing}"
_MODEL = "{a model|a large model|my own model|another model|a real model|a bigger model|my model|a better model|a different model|an llm|a larger model|my own llm|a proper model|a real llm}"
_CONNECT = "{plug in|connect|use|add|attach|hook up|set up|switch to|configure|integrate|install|run|load|put in}"
_HOW = "{how do I|how can I|how to|how would I|how should I|how do you|tell me how to|explain how to|show me how to|I want to|I'd like to|can you tell me how to|what do I need to do to|what must I do to|is there a way to|please explain how to|can I|how could I|do you know how to|how does one|how do we|what is the way to|need help to|I need to|what's the command to|which command do I need to}"
_WHAT = "{what is|what's|whats|explain|what does|tell me about|define|describe|what do you mean by|can you explain|please explain|what exactly is|I don't understand what|could you explain|help me understand|what on earth is|I want to know about|give me a definition of|do you know what|what is meant by}"
_HERE = "{| here| in this project| in this chat| in the project| of this project| in your system| in this system| in this app}"

TOPICS: dict[str, tuple[float, list[str], list[str]]] = {
    "run": (
        4,
        [
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
            "where {is|are|do I find|can I find|can I read} the {api docs|api documentation|openapi schema|swagger page|api reference|schema|swagger}?",
            "{is there|do you have} {an openapi schema|api documentation|swagger|a schema}?",
            "{which|what} {endpoints|calls|http calls|urls} {are there|does it have|exist|does the api have}?",
        ],
        ["The HTTP API is described at http://localhost:8000/docs, its OpenAPI schema is at `/schema`."],
    ),
    "docs": (
        1,
        [
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
    return as_typed(rng, expand(rng, rng.choice(wordings))), say(rng, replies)
