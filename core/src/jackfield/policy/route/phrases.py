"""The words tasks are told by: data, extended by configuration.

A phrase is matched on word boundaries, whatever its case; ``...`` in it stands for up to four words. Strong
phrases are instructions; weak ones are words that also occur in passing, and count only where no strong one does.
"""

from __future__ import annotations

from collections.abc import Mapping


def _several(phrases: str) -> tuple[str, ...]:
    return tuple(phrases.split(" | "))


def _words(words: str) -> frozenset[str]:
    return frozenset(words.split())


STRONG: Mapping[str, tuple[str, ...]] = {
    "Planning": _several(
        "create a plan | create a ... plan | create an ... plan | make a plan | make a ... plan | "
        "draft a ... plan | develop a ... plan | write a ... plan | build a ... plan | outline a ... "
        "plan | give me a ... plan | need a plan | need a ... plan | come up with a ... plan | design "
        "a ... roadmap | create a ... roadmap | roadmap for | plan for | plan out | help me plan | "
        "plan a | plan an | plan my | plan our | plan the | break down | break ... down into | steps "
        "to | steps for | steps should | step-by-step plan | approach for | strategy for | strategy "
        "to | develop a strategy | develop a ... strategy | schedule for | create a ... schedule | "
        "create a ... itinerary | timeline for | milestones for"
    ),
    "CodeGeneration": _several(
        "generate code | generate ... code | write code | write ... code | write a function | write a "
        "... function | write a test | write a ... test | write tests | write unit tests | write ... "
        "tests | create a script | create a ... script | write a script | write a ... script | write "
        "a ... program | write a program | write a ... class | write a class | write a ... query | "
        "write an sql query | write a regex | write a ... regex | write a ... regular expression | "
        "write a ... method | write a method | write a dockerfile | write a ... dockerfile | create a "
        "... function | create a function | create a ... class | create a ... component | create an "
        "... endpoint | build an ... endpoint | implement | function to | function that | script that "
        "| script to | refactor | refactor this | debug this | fix the bug | fix this bug | fix this "
        "code | fix the ... error"
    ),
    "Analysis": _several(
        "analyze | analyse | analysis of | examine | investigate | extract | identify patterns | "
        "identify ... patterns | identify trends | identify the trends | identify the ... causes | "
        "root cause | find the correlation | compare the | compare these | evaluate the | assess the"
    ),
    "IntentDetection": _several(
        "what is the intent | what is the ... intent | what's the intent | what's the ... intent | "
        "intent of | intent behind | detect the intent | detect the ... intent | determine the intent "
        "| determine the ... intent | identify the intent | identify the ... intent | user wants to | "
        "user want to | the user want | the customer want | customer wants to | trying to accomplish "
        "| trying to achieve | trying to do | goal is | goal of this message | goal of this user"
    ),
    "Validation": _several(
        "validate | verify | check if | check whether | check that | is this correct | is this ... "
        "correct | is this valid | is this ... valid | is this a valid | does this match | does this "
        "... match | does this ... conform | does this ... comply | conforms to | confirm that | "
        "confirm whether | proofread"
    ),
    "Summarization": _several(
        "summarize | summarise | summary of | give a summary | give me a summary | give me a ... "
        "summary | write a summary | write a ... summary | brief overview | give me a brief | "
        "overview of | key points | main points | key takeaways | main takeaways | tldr | tl;dr | in "
        "a nutshell | condense | recap"
    ),
    "Translation": _several(
        "translate | translation of | translation for | how do you say | how do i say | how would you say"
    ),
    "Classification": _several(
        "classify | categorize | categorise | tag these | tag this | tag the | tag each | label these "
        "| label this | label the | label each | assign a label | assign a ... label | assign a "
        "category | assign a ... category | assign each | which category | which of these categories "
        "| what type of | what kind of ... is this | which type of | spam or not | positive or "
        "negative | positive, negative | positive, neutral | sentiment of"
    ),
    "LongFormGeneration": _several(
        "write a detailed | write a comprehensive | write an in-depth | write a thorough | write a "
        "long | write a full | write a complete guide | write an essay | write an ... essay | write a "
        "... essay | write an article | write a ... article | write an ... article | write a blog "
        "post | write a ... blog post | write a report | write a ... report | write a chapter | write "
        "a ... chapter | write the first chapter | write a white paper | write a ... white paper | "
        "write a whitepaper | write a short story | write a ... story | write a story | write a guide "
        "| write a ... guide | write a tutorial | write a ... tutorial | create a comprehensive | "
        "create a detailed | produce a comprehensive | produce a detailed | draft a comprehensive | "
        "draft a detailed | comprehensive guide | in-depth guide | in-depth article | detailed report "
        "| detailed essay | detailed guide"
    ),
}

WEAK: Mapping[str, tuple[str, ...]] = {
    "Planning": _several("strategy | roadmap | milestones | itinerary"),
    "CodeGeneration": _several("unit test | unit tests | stack trace | in python | in javascript | in rust"),
    "Analysis": _several("understand | patterns in | trends in | insights"),
    "IntentDetection": _several("intent"),
    "Validation": _several("correct? | valid? | errors in"),
    "Summarization": _several("brief | overview | shorten"),
    "Translation": _several("in english | in german | in french | in spanish"),
    "Classification": _several("tag | tags | label | labels | type of | category | sentiment"),
    "LongFormGeneration": _several("comprehensive | in-depth | essay | at length"),
}

LANGUAGES = sorted(
    _words(
        "arabic bengali bulgarian catalan chinese mandarin cantonese croatian czech danish dutch "
        "english estonian finnish french german greek hebrew hindi hungarian icelandic indonesian "
        "irish italian japanese korean latin latvian lithuanian malay norwegian persian farsi polish "
        "portuguese romanian russian serbian slovak slovenian spanish swahili swedish tagalog tamil "
        "thai turkish ukrainian urdu vietnamese welsh zulu"
    )
)

# Words of a system prompt that say what the model is there for.
SYSTEM: Mapping[str, tuple[str, ...]] = {
    "Planning": _several("planner | planning assistant | project manager | you plan | planning agent"),
    "CodeGeneration": _several(
        "programmer | coding assistant | code assistant | coding agent | software engineer | software "
        "developer | developer assistant | pair programmer | you write code | code generator | python "
        "developer | code reviewer"
    ),
    "Analysis": _several("analyst | you analyze | you analyse | data scientist | research analyst"),
    "IntentDetection": _several(
        "intent detection | intent classifier | detect the intent | detect intent | intent "
        "recognition | detect user intent | detect the user's intent"
    ),
    "Validation": _several(
        "validator | you validate | you verify | fact checker | fact-checker | proofreader"
    ),
    "Summarization": _several(
        "summarizer | summariser | you summarize | you summarise | summarization assistant"
    ),
    "Translation": _several("translator | you translate | translation assistant | interpreter between"),
    "Classification": _several(
        "classifier | you classify | you categorize | you label | content moderator | labelling assistant"
    ),
    "LongFormGeneration": _several(
        "novelist | long-form writer | article writer | essay writer | ghostwriter"
    ),
}

# Further signals, for rules and for what `adaptive` takes for similar.
DOMAINS: Mapping[str, frozenset[str]] = {
    "technical": _words(
        "api bug class code compile computer css database debug deploy docker error function git java "
        "javascript json kubernetes linux network python query regex rust script server software sql "
        "typescript"
    ),
    "business": _words(
        "b2b budget business client company competitor contract customer customers forecast growth "
        "invoice kpi market marketing meeting pricing product profit quarter quarterly revenue roi "
        "sales shareholder stakeholders startup supplier"
    ),
    "creative": _words(
        "chapter character characters fiction haiku imagine limerick lyrics novel plot poem poetry "
        "rhyme romance scene screenplay song sonnet story tale villain"
    ),
    "academic": _words(
        "abstract citation cite dissertation essay experiment hypothesis journal literature "
        "methodology paper peer philosophy proof studies study theorem theory thesis university"
    ),
}
STYLES: Mapping[str, frozenset[str]] = {
    "creative": _words("brainstorm creative fiction haiku imagine invent lyrics poem slogan song story"),
    "maths": _words(
        "algebra calculate calculus compute derivative divide equation integral matrix multiply "
        "number percent probability prove solve sqrt square sum theorem triangle"
    ),
    "factual": _words(
        "capital date define definition fact history how many population when where which who year"
    ),
}
# The heaviest first: one word of it is enough.
COMPLEXITIES: Mapping[str, frozenset[str]] = {
    "complex": _words(
        "analyse analyze architect architecture assess compare contrast critique derive design "
        "evaluate optimise optimize prove strategy synthesize tradeoff tradeoffs"
    ),
    "moderate": _words("describe difference explain how implement why write"),
    "simple": _words("define list name what when where which who"),
}
