"""Words that say what a block is: in the class names of its boxes, and in its own text."""

from __future__ import annotations

import re
from functools import lru_cache

MAX_NAMES = 10_000  # different class attributes looked at on one page

# Words in class names and ids, by what they say of the box.
TOPICS = {
    "strong": r"article[-_ ]?(?:body|text|content|copy|main)|story[-_ ]?(?:body|text|content)|entry[-_ ]?content|"
    r"post[-_ ]?(?:body|content|text|entry)|news[-_ ]?(?:body|text|content|detail)|text[-_ ]?body|body[-_ ]?text|"
    r"content[-_ ]?body|main[-_ ]?content|rich[-_ ]?text|rte|wysiwyg|prose",
    "body": r"article|story|post|entry|content|body|text|main|detail|news|single|page",
    "title": r"title|headline|heading|\bhead\b|hdr",
    "summary": r"summary|\blead|intro|standfirst|\bdek\b|subtitle|sub-title|subhead|excerpt|abstract|teaser|descr|deck",
    "meta": r"byline|author|date|time|meta|\btags?\b|categor|credit|source|publish|posted|info",
    "caption": r"caption|figure|image|photo|\bimg|galler|media|video|slide|player|carousel",
    "nav": r"nav|menu|breadcrumb|crumb|topbar|toolbar|\btabs?\b|pager|pagin|prev|next|skip|sitemap|\btoc\b|jump",
    "side": r"side|rail|right|left|widget|aside|module|block|box|column|col-|panel",
    "comment": r"comment|disqus|reply|respond|discuss|feedback|forum|review|rating|vote",
    "related": r"relat|recommend|popular|trend|more|most|see-?also|latest|recent|outbrain|taboola|similar|further|"
    r"other|also|archive|card|grid|\blist|loop|feed",
    "share": r"share|sharing|social|facebook|twitter|addthis|follow|like|email|print|tool|button|btn|icon",
    "advert": r"\bad\b|\bads\b|advert|\bad-|-ad\b|sponsor|banner|promo|commerc|shop|product|price|\bcta\b|affil|offer",
    "foot": r"foot|copyright|legal|disclaim|bottom|credits|terms|policy|about|\bbio\b|profile|contact",
    "top": r"header|masthead|\btop|logo|brand|hero",
    "sign": r"subscri|newsletter|sign-?up|login|regist|paywall|\bform|modal|popup|cookie|consent|gdpr|overlay|lightbox|"
    r"search|alert|notice|dialog|hubspot|mailchimp",
    "hidden": r"hidden|sr-only|screen-reader|visually|invisible|collaps|tooltip",
}
_TOPIC_PATTERNS = [(1 << bit, re.compile(pattern)) for bit, pattern in enumerate(TOPICS.values())]


@lru_cache(maxsize=20_000)  # pages of a site share their class names
def topics_of(names: str) -> int:
    """One bit for each of `TOPICS` that the class names speak of."""
    mask = 0
    if names:
        for bit, pattern in _TOPIC_PATTERNS:
            if pattern.search(names):
                mask |= bit
    return mask


# What stands in an article and is not of it, in the languages that the labelled pages are in and four more.
POINTER = re.compile(
    r"^\W*(?:read (?:more|also|next|the full)|also (?:read|see|on|:)|see (?:also|more)|"
    r"more (?:on|from|about|:|stories|news)|"
    r"don'?t miss|related|watch|video|continue reading|recommended|you (?:may|might) (?:also )?like|click|"
    r"mehr|lesen sie|siehe|lire|à lire|voir aussi|lea |leer|ver también|leggi|zobacz|czytaj|więcej|polecamy|"
    r"читайте|смотрите|подробнее|еще по теме|похожие|по теме|διαβάστε|δείτε|σχετικά|相关|延伸|更多|推荐|阅读)",
    re.IGNORECASE,
)
CREDIT = re.compile(
    r"\b(?:getty|reuters|afp|epa|photo(?:graph)?s?|image|picture|file|foto|fot\.|zdj|bild|shutterstock|courtesy|credit|"
    r"caption|фото|источник|źródło|πηγή|via|source)\b|\(ap\)|ap photo|图|来源|责任编辑|编辑",
    re.IGNORECASE,
)
APPEAL = re.compile(
    r"\b(?:subscri|newsletter|sign up|log ?in|register|follow us|follow \w+ on|facebook|twitter|instagram|cookie|"
    r"copyright|all rights reserved|terms of|privacy|advertis|comment|share|e-?mail|print|contact|download|app\b|"
    r"contributed to this|reporting by|editing by|реклама|подпис|комментар|прав[аo] защищены|komentarz|reklama|"
    r"zaloguj|prawa zastrzeżone|σχόλι|εγγραφ|abonn|inscri|suscr)|©|版权|评论|转载|分享|登录|注册",
    re.IGNORECASE,
)
