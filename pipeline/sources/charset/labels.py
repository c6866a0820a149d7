"""Names of charsets as pages write them, and the codec that reads such bytes.

Pages name a charset and mean its superset: "latin1" is Windows-1252 to every browser, "gb2312" is GB 18030. The table
follows the labels of the WHATWG Encoding Standard, with Python's codec of the widest superset; names that the
standard does not know (DOS and Mac code pages, Johab) are looked up among Python's codecs.
"""

from __future__ import annotations

import codecs
import re

# Python's codec: the labels that browsers read with it.
_LABELS = {
    "utf-8": "utf-8 utf8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8 utf-8-sig",
    "cp1252": "windows-1252 cp1252 x-cp1252 latin1 l1 iso-8859-1 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 "
    "iso-ir-100 csisolatin1 cp819 ibm819 ascii us-ascii ansi_x3.4-1968 ansi ascii7 x-user-defined",
    "cp1250": "windows-1250 cp1250 x-cp1250",
    "cp1251": "windows-1251 cp1251 x-cp1251 win-1251",
    "cp1253": "windows-1253 cp1253 x-cp1253",
    "cp1254": "windows-1254 cp1254 x-cp1254 latin5 l5 iso-8859-9 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 "
    "iso-ir-148 csisolatin5",
    "cp1255": "windows-1255 cp1255 x-cp1255",
    "cp1256": "windows-1256 cp1256 x-cp1256",
    "cp1257": "windows-1257 cp1257 x-cp1257",
    "cp1258": "windows-1258 cp1258 x-cp1258",
    "cp874": "windows-874 cp874 dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 tis620",
    "iso8859-2": "iso-8859-2 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 iso-ir-101 csisolatin2 latin2 l2",
    "iso8859-3": "iso-8859-3 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 iso-ir-109 csisolatin3 latin3 l3",
    "iso8859-4": "iso-8859-4 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 iso-ir-110 csisolatin4 latin4 l4",
    "iso8859-5": "iso-8859-5 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988 iso-ir-144 csisolatincyrillic cyrillic",
    "iso8859-6": "iso-8859-6 iso-8859-6-e iso-8859-6-i iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987 iso-ir-127 "
    "csisolatinarabic csiso88596e csiso88596i arabic asmo-708 ecma-114",
    "iso8859-7": "iso-8859-7 iso8859-7 iso88597 iso_8859-7 iso_8859-7:1987 iso-ir-126 csisolatingreek greek greek8 "
    "ecma-118 elot_928 sun_eu_greek",
    "iso8859-8": "iso-8859-8 iso-8859-8-e iso-8859-8-i logical visual iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 "
    "iso-ir-138 csisolatinhebrew csiso88598e csiso88598i hebrew",
    "iso8859-10": "iso-8859-10 iso8859-10 iso885910 iso-ir-157 csisolatin6 latin6 l6",
    "iso8859-13": "iso-8859-13 iso8859-13 iso885913",
    "iso8859-14": "iso-8859-14 iso8859-14 iso885914",
    "iso8859-15": "iso-8859-15 iso8859-15 iso885915 iso_8859-15 csisolatin9 l9 latin9",
    "iso8859-16": "iso-8859-16",
    "cp866": "ibm866 cp866 866 csibm866",
    "koi8-r": "koi8-r koi8 koi8_r koi cskoi8r",
    "koi8-u": "koi8-u koi8-ru",
    "mac-roman": "macintosh mac csmacintosh x-mac-roman",
    "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian mac_cyrillic maccyrillic",
    "gb18030": "gb18030 gbk x-gbk gb2312 gb_2312 gb_2312-80 chinese csgb2312 csiso58gb231280 iso-ir-58 cp936 ms936 "
    "euc-cn euccn",
    "hz": "hz-gb-2312",
    "big5hkscs": "big5 big5-hkscs big-5 cn-big5 csbig5 x-x-big5",
    "euc_jp": "euc-jp x-euc-jp cseucpkdfmtjapanese",
    "iso2022_jp_2": "iso-2022-jp csiso2022jp",
    "cp932": "shift_jis shift-jis sjis x-sjis ms_kanji csshiftjis windows-31j ms932 cp932",
    "cp949": "euc-kr ks_c_5601-1987 ks_c_5601-1989 ks_c_5601 ksc5601 ksc_5601 korean cseuckr csksc56011987 iso-ir-149 "
    "windows-949 cp949 uhc",
    "iso2022_kr": "iso-2022-kr csiso2022kr",
    "utf-16-le": "utf-16 utf-16le unicode csunicode iso-10646-ucs-2 ucs-2 unicodefeff",
    "utf-16-be": "utf-16be unicodefffe",
    "utf-32-le": "utf-32 utf-32le",
    "utf-32-be": "utf-32be",
}
_CODEC = {label: codec for codec, labels in _LABELS.items() for label in labels.split()}

# Names that Python gives to things that are no charset, or that no news is written in.
_REFUSED = re.compile(r"base64|hex|bz2|zip|zlib|quopri|uu|rot|idna|punycode|escape|undefined|mbcs|oem|utf_?7|palmos")


def codec_of(label: str | None) -> str | None:
    """Python's codec for bytes that a page labels so; None for a name that means nothing.

    >>> codec_of(" ISO-8859-1 "), codec_of("GB2312"), codec_of("ibm855"), codec_of("none")
    ('cp1252', 'gb18030', 'cp855', None)
    """
    if not label:
        return None
    name = label.strip(" \t\r\n\f\"'").lower()
    if name in _CODEC:
        return _CODEC[name]
    if len(name) > 40 or not name.isascii() or _REFUSED.search(name):
        return None
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return _CODEC.get(found, _CODEC.get(found.replace("_", "-"), found))


# Where a page or a feed says itself what charset it is in. HTML may say so in its first 1,024 bytes; real pages say it
# later as well, after long scripts.
_SNIFFED_BYTES = 8192
_XML = re.compile(rb"""^\s{0,64}<\?xml\s[^<>]{0,200}?encoding\s{0,8}=\s{0,8}["']([\w.:-]{1,40})""")
_META = re.compile(rb"""<meta\s[^<>]{0,400}?charset\s{0,8}=\s{0,8}["']?\s{0,8}([\w.:-]{1,40})""", re.IGNORECASE)


def declared_in(content: bytes) -> str | None:
    """The label that the bytes carry themselves: XML declaration, `<meta charset>`, or `<meta http-equiv>`.

    >>> declared_in(b'<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">')
    'koi8-r'
    """
    head = content[:_SNIFFED_BYTES]
    found = _XML.search(head) or _META.search(head)
    return found[1].decode("ascii") if found else None
