"""What readers wrote under an article, told by the buttons that each comment has: "Reply", "12 votes", "Report abuse".

Three of them within a few lines of each other, and what stands from the first to the last is comments. On labelled
pages 97 in 100 characters between such buttons are the site's; the rest is comments that quote the article.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

MAX_BUTTON = 60  # characters of a line of buttons
MIN_BUTTONS = 3  # lines of buttons, to be sure that they are those of comments
MAX_COMMENT = 12  # lines from one line of buttons to the next

# Words of buttons that only comments have. Articles have "share" and "like", too, and tweets "reply" beside "retweet".
_TELLING = (
    r"repl(?:y|ies)|permalink|permanent link|flag(?: as inappropriate| comment)?|quote|offensive|unlike|dislike"
    r"|report(?: abuse| comment| this comment| as inappropriate| spam)?|unsuitable(?: or offensive\??)?|votes?"
    r"|vote (?:up|down)|upvote|downvote|thumbs (?:up|down)|(?:recommend|link to|share) this comment|log ?in to reply"
    r"|antworten|melden|antwort|permalien|répondre|signaler(?: un abus)?|responder|denunciar|reportar|rispondi|segnala"
    r"|reageer|beantwoorden|rapporteer|odpowiedz|zgłoś(?: nadużycie| do moderacji)?|cytuj|ответить|пожаловаться"
    r"|цитировать|yanıtla|cevapla|şikayet et|απάντηση|αναφορά|رد|الرد|إبلاغ|回复|举报|回覆|檢舉|svara|anmäl|odpovědět"
    r"|nahlásit|reagovat|trả lời|balas|laporkan|返信|通報|답글|신고"
)
_BESIDE = (
    r"recommend(?:ed)?|fans?|edit|likes?|share(?: it)?|history|link|hide|show replies|loading comments|member|user"
    r"|posts?|comments?|since|joined|ago|(?:hour|hr|day|minute|min|month|week|year)s?|recommander|me gusta|curtir"
    r"|mi piace|vind ik leuk|lubię to|нравится|beğen|gilla|thích|suka|赞"
)
_IS_TELLING = re.compile(rf"(?<!\w)(?:{_TELLING})(?!\w)", re.IGNORECASE)
_BUTTONS = re.compile(rf"(?:[\W\d_]|(?<![^\W\d_])(?:{_TELLING}|{_BESIDE})(?![^\W\d_]))+", re.IGNORECASE)


def is_buttons(line: str) -> bool:
    """Whether the line is the buttons of a comment and nothing else.

    >>> is_buttons("Reply | Report abuse | 3 likes"), is_buttons("Reply of the council"), is_buttons("12 May 2021")
    (True, False, False)
    """
    return len(line) <= MAX_BUTTON and bool(_IS_TELLING.search(line)) and bool(_BUTTONS.fullmatch(line.strip()))


def comments(lines: Sequence[str]) -> Iterator[list[int]]:
    """The lines of buttons of each row of comments, by number; the comments stand between them."""
    row: list[int] = []
    for number in (number for number, line in enumerate(lines) if is_buttons(line)):
        if row and number > row[-1] + MAX_COMMENT:
            if len(row) >= MIN_BUTTONS:
                yield row
            row = []
        row.append(number)
    if len(row) >= MIN_BUTTONS:
        yield row
