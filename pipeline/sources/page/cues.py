"""Words that say what a block is: in the class names of its boxes, and in its own text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from functools import cache
from itertools import accumulate, islice

import numpy as np

from pipeline import compiled
from pipeline.sources.page.automaton import Automaton

_IN_C = compiled.load("pipeline.sources.page._letters")
MAX_NAMES = 10_000  # different names looked at on one page

# Words in class names and ids, by what they say of the box; hyphens are spaces, and a space at either end is an edge.
_OF_TOPICS = {
    "strong": "article body|articlebody|article text|article content|articlecontent|article copy|article main|"
    "story body|storybody|story text|story content|storycontent|entry content|entrycontent|post body|postbody|"
    "post content|postcontent|post text|post entry|news body|news text|news content|news detail|newsdetail|text body|"
    "textbody|body text|bodytext|content body|contentbody|main content|maincontent|rich text|richtext| rte |"
    "wysiwyg|prose",
    "body": "article|story|post|entry|content|body|text|main|detail|news|single|page",
    "title": "title|headline|heading| head |hdr",
    "summary": "summary| lead|intro|standfirst| dek |subhead|excerpt|abstract|teaser|descr|deck|sub title",
    "meta": "byline|author|date|time|meta| tag | tags |categor|credit|source|publish|posted|info",
    "caption": "caption|figure|image|photo| img|galler|media|video|slide|player|carousel",
    "nav": "nav|menu|crumb|topbar|toolbar| tab | tabs |pager|pagin|prev|next|skip|sitemap| toc |jump",
    "side": "side|rail|right|left|widget|module|block|box|column| col |panel",
    "comment": "comment|disqus|reply|respond|discuss|feedback|forum|review|rating|vote",
    "related": "relat|recommend|popular|trend|more|most|see also|seealso|latest|recent|outbrain|taboola|similar|"
    "further|other|also|archive|card|grid| list|loop|feed",
    "share": "share|sharing|social|facebook|twitter|addthis|follow|like|email|print|tool|button|btn|icon",
    "advert": " ad | ads |advert|sponsor|banner|promo|commerc|shop|product|price| cta |affil|offer",
    "foot": "foot|copyright|legal|disclaim|bottom|credits|terms|policy|about| bio |profile|contact",
    "top": "header|masthead| top|logo|brand|hero",
    "sign": "subscri|newsletter|sign up|signup|login|regist|paywall| form|modal|popup|cookie|consent|gdpr|overlay|"
    "lightbox|search|alert|notice|dialog|hubspot|mailchimp",
    "hidden": "hidden|sr only|screen reader|visually|invisible|collaps|tooltip",
}
TOPICS = tuple(_OF_TOPICS)
_WORDS_OF = [(1 << bit, words.split("|")) for bit, words in enumerate(_OF_TOPICS.values())]
_HYPHENS = str.maketrans("-_", "  ")


def topics_of(names: Iterable[str]) -> dict[str, int]:
    """One bit for each of `TOPICS` that each of these class names speaks of; the first `MAX_NAMES` are looked at.

    >>> [TOPICS[bit.bit_length() - 1] for bit in topics_of(["nav-list"]).values() for bit in (bit & 64, bit & 512)]
    ['nav', 'related']
    """
    keys = list(dict.fromkeys(islice(names, MAX_NAMES)))
    masks = topics_in_python(keys) if _IN_C is None else topics_in_c(keys)
    return dict(zip(keys, masks, strict=True))


def topics_in_python(names: list[str]) -> list[int]:
    """By looking for each word in all names, which stand in one text."""
    masks = [0] * len(names)
    joined = "".join(f" {name} \n" for name in names).translate(_HYPHENS)
    starts = list(accumulate((len(name) + 3 for name in names), initial=0))
    for bit, words in _WORDS_OF:
        for word in words:
            at = joined.find(word)
            while at >= 0:
                place = bisect_right(starts, at)
                masks[place - 1] |= bit
                at = joined.find(word, starts[place])
    return masks


def topics_in_c(names: list[str]) -> list[int]:
    """By `letters.c`."""
    masks = np.zeros(len(names), np.int32)
    _IN_C.mentioned(0, *_automaton(), "".join([f"{name}\0" for name in names]).encode("utf-8", "surrogatepass"), masks)
    found: list[int] = masks.tolist()
    return found


@cache
def _automaton() -> Automaton:
    bits: dict[str, int] = {}
    for bit, words in _WORDS_OF:
        bits.update({word: bits.get(word, 0) | bit for word in words})
    return Automaton.of(bits, "-_")


# What stands in an article and is not of it, in the languages that the labelled pages are in and four more.
POINTER = re.compile(
    r"\W*+(?=[acdlmprsvwyzàбвдезпсчёδσ相延更推阅])"  # how any of them begins, which is quick to tell
    r"(?:read (?:more|also|next|the full)|also (?:read|see|on|:)|see (?:also|more)|"
    r"more (?:on|from|about|:|stories|news)|"
    r"don'?t miss|related|watch|video|continue reading|recommended|you (?:may|might) (?:also )?like|click|"
    r"mehr|lesen sie|siehe|lire|à lire|voir aussi|lea |leer|ver también|leggi|zobacz|czytaj|więcej|polecamy|"
    r"читайте|смотрите|подробнее|еще по теме|похожие|по теме|διαβάστε|δείτε|σχετικά|相关|延伸|更多|推荐|阅读)",
    re.IGNORECASE,
)
DATE = re.compile(r"\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\b(?:19|20)\d\d\b|\b\d{1,2}:\d\d\b")
CREDIT, APPEAL = 1, 2  # bits: it says whose picture it is, it asks the reader for something
WORDS = {
    **dict.fromkeys((
        "getty", "reuters", "afp", "epa", "photo", "photos", "photograph", "photographs", "image", "picture", "file",
        "foto", "fot", "zdj", "bild", "shutterstock", "courtesy", "credit", "caption", "фото", "источник", "źródło",
        "πηγή", "via", "source",
    ), CREDIT),
    "app": APPEAL,
}  # fmt: skip
BEGINNINGS = (  # of words that are an appeal
    "subscri", "newsletter", "login", "register", "facebook", "twitter", "instagram", "cookie", "copyright", "privacy",
    "advertis", "comment", "share", "email", "mail", "print", "contact", "download", "реклама", "подпис", "комментар",
    "komentarz", "reklama", "zaloguj", "σχόλι", "εγγραφ", "abonn", "inscri", "suscr",
)  # fmt: skip
PHRASES = {
    **dict.fromkeys(("(ap)", "ap photo", "图", "来源", "责任编辑", "编辑"), CREDIT),
    **dict.fromkeys((
        "sign up", "log in", "follow us", "all rights reserved", "terms of", "contributed to this", "reporting by",
        "editing by", "права защищены", "prawa zastrzeżone", "©", "版权", "评论", "转载", "分享", "登录", "注册",
    ), APPEAL),
}  # fmt: skip


def cues_of(word: str) -> int:
    """The bits of what a word, in lower case, is a cue of."""
    return WORDS.get(word, 0) | APPEAL * word.startswith(BEGINNINGS)
