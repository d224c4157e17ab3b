"""Words that every English sentence may draw on, and the emoji of all languages."""

from mock_ingest.events import Sentiment

WHEN = ("today", "last night", "this morning", "yesterday", "this weekend", "after work", "on Monday", "just now")
WHO = ("My sister", "My neighbour", "A friend", "My boss", "My cousin", "An old classmate", "My roommate")

OPENERS: dict[Sentiment, tuple[str, ...]] = {
    "positive": ("", "", "Yes!! ", "Good news: ", "Happy to say it: ", "Wow. "),
    "neutral": ("", "", "Note: ", "For the record: ", "FYI: "),
    "negative": ("", "", "Ugh. ", "Sad to say it: ", "Honestly, I am done. ", "Nope. "),
}
CLOSERS: dict[Sentiment, tuple[str, ...]] = {
    "positive": ("", "", " Made my whole week.", " So thankful!", " Still smiling.", " Loved it."),
    "neutral": ("", "", " More details later.", " Does anyone know more?", " That is all.", " See the link."),
    "negative": ("", "", " So disappointed.", " Never again.", " What a waste.", " I hate it."),
}

#: Among them: a family of four joined by ZWJ, flags of two letters and of tags, skin tones, a keycap.
EMOJI: dict[Sentiment, tuple[str, ...]] = {
    "positive": ("😀", "🎉", "❤️", "👍🏽", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇧🇷", "💪🏿", "🥰", "👩🏾‍🚀"),
    "neutral": ("📌", "🗓️", "🤔", "🇯🇵", "1️⃣", "🧑🏻‍💻", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "☕"),
    "negative": ("😡", "😢", "💔", "👎🏼", "🤦🏿‍♀️", "😤", "🙄", "🤮"),
}

#: Where links point: RFC 2606 reserves the domain, so no real site is ever named.
LINK_PATHS = ("/notes", "/2026/review", "/gallery?page=2", "/a/very/long/path/that/people/shorten", "/événement")
