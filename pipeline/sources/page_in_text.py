"""A whole page in a field of text: the article on it is the record's text."""

from __future__ import annotations

import re
from dataclasses import replace

from pipeline.sources.records import Record, Remark, site_of

PAGE_IN_TEXT = "reading/page_in_text"  # a finding, not a rule: there is nothing to set

# It begins as a page does; a text about pages begins with a word.
_PAGE = re.compile(
    r"[\s\ufeff]{0,200}(?:<\?xml [^<>]{0,200}\?>\s{0,20})?(?:<!--[^<>]{0,2000}-->\s{0,20})?"
    r"<(?:!doctype html|html)\b[^<>]{0,2000}>",
    re.IGNORECASE,
)
_BODY = re.compile(r"<(?:body|p|div)\b", re.IGNORECASE)


def without_page(record: Record) -> Record:
    """The record with the article in the place of the page that stands where its text should, which is remarked.

    A page in which there is no article stays as it is, as does every other text.
    """
    if not _PAGE.match(record.text) or not _BODY.search(record.text):
        return record
    from pipeline.sources.page import article  # the parser takes 0.2 s to load

    found = article.extract(record.text, record.url or None)
    if found is None:
        return record
    said = f"a page of {len(record.text):,} characters, the article in it has {len(found.text):,}"
    url, title, published = record.url or found.url or "", record.title or found.title, record.published or found.date
    site = record.site or site_of(url)
    remarks = (*record.remarks, Remark(PAGE_IN_TEXT, said), *(piece.remark for piece in found.lost))
    return replace(record, text=found.text, url=url, site=site, title=title, published=published, remarks=remarks)
