"""The codes of languages: ISO 639-1, and ISO 639-3 where there is no shorter one. Pure."""

from __future__ import annotations

_ISO_639_1 = frozenset(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es
    et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki
    kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nd ne ng nl nn no nr
    nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg
    th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
    """.split()  # noqa: SIM905 -- 182 quoted strings would be no list to read
)
# One code for what tags write in several ways: codes that ISO has replaced, and the written languages whose spoken
# kinds no detector tells apart in a short text.
_SAME = {
    "iw": "he",
    "in": "id",
    "ji": "yi",
    "jw": "jv",
    "mo": "ro",
    "nb": "no",
    "fil": "tl",
    "arb": "ar",
    "arz": "ar",
    "cmn": "zh",
    "wuu": "zh",
    "yue": "zh",
}
_NO_LANGUAGE = frozenset({"und", "mis", "mul", "zxx"})  # ISO's codes for unknown, uncoded, several and none
_LOCAL_USE = ("qaa", "qtz")  # the first and the last of the codes that mean what their writer wants


def code(tag: str) -> str | None:
    """The language of a BCP 47 tag, without script, region and case: `pt` for `pt-BR` and `PT_br`. None where the tag
    names no language."""
    language = tag.replace("_", "-").partition("-")[0].lower()
    language = _SAME.get(language, language)
    if len(language) == 2:
        return language if language in _ISO_639_1 else None
    if len(language) != 3 or not (language.isascii() and language.isalpha()) or language in _NO_LANGUAGE:
        return None
    return None if _LOCAL_USE[0] <= language <= _LOCAL_USE[1] else language
