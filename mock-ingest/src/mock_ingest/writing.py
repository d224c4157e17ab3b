"""What an author writes: a text with its meaning, and the facets that mark links, mentions and tags in it."""

from mock_ingest.dice import Dice
from mock_ingest.events import Record, Sentiment, Writing
from mock_ingest.hostile import HOSTILE
from mock_ingest.phrases import ENGLISH
from mock_ingest.phrases.everyday import EVERYDAY, EVERYDAY_TOPIC
from mock_ingest.phrases.shared import CLOSERS, EMOJI, LINK_PATHS, OPENERS, WHEN, WHO

SENTIMENTS: tuple[Sentiment, ...] = ("negative", "neutral", "positive")
TOPICS = tuple(ENGLISH)
LANGUAGES = tuple(EVERYDAY)
LINK_HOST = "example.com"

#: Of ordinary posts: written in another language than English (on the network it is more).
_OTHER_LANGUAGE_SHARE = 0.25
_EMOJI_SHARE = 0.3
_MENTION_SHARE = 0.06
_TAG_SHARE = 0.2
_LINK_SHARE = 0.08
#: The app leaves ``langs`` out for some posts and lets people name two.
_NO_LANGS_SHARE = 0.04
_TWO_LANGS_SHARE = 0.03
#: Characters of a link that the app shows before it writes an ellipsis.
_SHOWN_LINK = 24
#: {n} in an everyday sentence: an hour, a page or a number of friends that reads well in all of them.
_SMALLEST_NUMBER, _NUMBERS = 2, 10


class RichText:
    """A text under construction. Facet indices are offsets in UTF-8 bytes (``app.bsky.richtext.facet``)."""

    def __init__(self) -> None:
        self.text = ""
        self.facets: list[Record] = []

    def add(self, words: str, feature: Record | None = None) -> None:
        """Append ``words``, marked with ``feature`` where there is one."""
        start = len(self.text.encode())
        self.text += words
        if feature is not None:
            index = {"byteStart": start, "byteEnd": start + len(words.encode())}
            self.facets.append({"$type": "app.bsky.richtext.facet", "index": index, "features": [feature]})


def hostile_writing(dice: Dice) -> tuple[Writing, list[Record]]:
    """A text that tries to break its readers."""
    name = dice.pick(tuple(HOSTILE))
    return Writing(HOSTILE[name], ("en",), None, None, hostile=name), []


def ordinary_writing(dice: Dice, mentionable: list[tuple[str, str]]) -> tuple[Writing, list[Record]]:
    """An everyday text and its facets. ``mentionable`` holds (DID, handle) pairs."""
    sentiment = dice.pick(SENTIMENTS)
    if dice.chance(_OTHER_LANGUAGE_SHARE):
        lang = dice.pick(LANGUAGES)
        topic = EVERYDAY_TOPIC
        tags: tuple[str, ...] = ()
        sentence = dice.pick(EVERYDAY[lang][sentiment]).format(n=_SMALLEST_NUMBER + dice.below(_NUMBERS))
    else:
        lang = "en"
        topic = dice.pick(TOPICS)
        tags = ENGLISH[topic].tags
        sentence = _english_sentence(dice, topic, sentiment)

    rich = RichText()
    if dice.chance(_MENTION_SHARE):
        did, handle = dice.pick(mentionable)
        rich.add(f"@{handle}", {"$type": "app.bsky.richtext.facet#mention", "did": did})
        rich.add(" ")
    rich.add(sentence)
    if dice.chance(_EMOJI_SHARE):
        rich.add(" " + dice.pick(EMOJI[sentiment]) * (1 + dice.below(3)))
    if tags and dice.chance(_TAG_SHARE):
        tag = dice.pick(tags)
        rich.add(" ")
        rich.add(f"#{tag}", {"$type": "app.bsky.richtext.facet#tag", "tag": tag})
    if dice.chance(_LINK_SHARE):
        address = LINK_HOST + dice.pick(LINK_PATHS)
        rich.add("\n\n")
        shown = address if len(address) <= _SHOWN_LINK else address[:_SHOWN_LINK] + "…"
        rich.add(shown, {"$type": "app.bsky.richtext.facet#link", "uri": f"https://{address}"})
    return Writing(rich.text, _langs(dice, lang), sentiment, topic), rich.facets


def corrected(writing: Writing) -> Writing:
    """The same text as its author edits it later."""
    return Writing(f"{writing.text} (edited)", writing.langs, writing.sentiment, writing.topic, writing.hostile)


def _english_sentence(dice: Dice, topic: str, sentiment: Sentiment) -> str:
    phrases = ENGLISH[topic]
    thing = dice.pick(phrases.things)
    sentence = dice.pick(phrases.sentences(sentiment)).format(
        thing=thing, Thing=thing[0].upper() + thing[1:], when=dice.pick(WHEN), who=dice.pick(WHO)
    )
    return dice.pick(OPENERS[sentiment]) + sentence + dice.pick(CLOSERS[sentiment])


def _langs(dice: Dice, lang: str) -> tuple[str, ...]:
    if dice.chance(_NO_LANGS_SHARE):
        return ()
    if dice.chance(_TWO_LANGS_SHARE):
        return (lang, "en" if lang != "en" else "es")
    return (lang,)
