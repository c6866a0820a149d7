"""What readers wrote under an article, told by what each comment has: buttons ("Reply", "12 votes"), or date and hour.

Three of them within a few lines of each other, and what stands from the first to the last is comments. On labelled
pages 97 in 100 characters between such lines are the site's; most of the rest is comments that quote the article.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

MAX_BUTTON = 60  # characters of a line of buttons
MIN_BUTTONS = 3  # lines of buttons, to be sure that they are those of comments
MAX_COMMENT = 12  # lines from one line of buttons to the next, or from one date to the next
MAX_STAMP, MAX_WORDS = 70, 8  # characters of a line with a date and an hour; words in it, a name among them

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
_BUTTONS = re.compile(rf"(?:[\W\d_]|(?:{_TELLING}|{_BESIDE})(?![^\W\d_]))+", re.IGNORECASE)


_HOUR = re.compile(r"\d[:.h]\d\d(?!\d)")
_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|(?<!\d)\d{1,2}([./-])\d{1,2}\1\d\d(?!\d)")
_WORD = re.compile(r"[^\W\d_]+")
_ELSEWHERE = re.compile(r"^\s*(?:date|sent|from|to)\s*:|[AP]M [-–·] \d", re.IGNORECASE)


def is_buttons(line: str) -> bool:
    """Whether the line is the buttons of a comment and nothing else.

    >>> is_buttons("Reply | Report abuse | 3 likes"), is_buttons("Reply of the council"), is_buttons("12 May 2021")
    (True, False, False)
    """
    return len(line) <= MAX_BUTTON and bool(_BUTTONS.fullmatch(line.strip())) and bool(_IS_TELLING.search(line))


def is_stamp(line: str) -> bool:
    """Whether the line says when something was written, to the minute, and by whom perhaps.

    That of a tweet or of a letter is none: articles show both.

    >>> is_stamp("Anna Doe, 3.5.2021, 10:31"), is_stamp("Sent: Monday, 3 May 2021 10:31"), is_stamp("3 May 2021")
    (True, False, False)
    """
    return (
        len(line) <= MAX_STAMP
        and bool(_HOUR.search(line) and _DATE.search(line))
        and len(_WORD.findall(line)) <= MAX_WORDS
        and not _ELSEWHERE.search(line)
    )


def commented(lines: Sequence[str]) -> Iterator[list[int]]:
    """The lines of buttons of each row of comments, by number; the comments stand between them."""
    return _rows(number for number, line in enumerate(lines) if is_buttons(line))


def stamped(lines: Sequence[str]) -> Iterator[list[int]]:
    """The dates of each row of comments, by number; a comment follows, or comes before."""
    return _rows(number for number, line in enumerate(lines) if is_stamp(line))


def _rows(marks: Iterable[int]) -> Iterator[list[int]]:
    row: list[int] = []
    for number in marks:
        if row and number > row[-1] + MAX_COMMENT:
            if len(row) >= MIN_BUTTONS:
                yield row
            row = []
        row.append(number)
    if len(row) >= MIN_BUTTONS:
        yield row
