"""English sentences for the other nine of the nineteen topics, in three moods."""

from mock_ingest.phrases.shape import Topic

ENGLISH_L_TO_Y = {
    "learning_&_educational": Topic(
        things=(
            "the statistics course",
            "my Spanish lessons",
            "the history lecture",
            "this online class on algebra",
            "the study group",
            "her book on grammar",
            "the chemistry tutorial",
            "the library's coding workshop",
        ),
        tags=("learning", "education", "teaching"),
        positive=(
            "{Thing} finally made it click, what a brilliant teacher! I love learning.",
            "Passed the exam thanks to {thing}. So proud and so happy!",
            "Best educational find of the year: {thing}. Clear, kind, and free for every student.",
        ),
        neutral=(
            "{Thing} starts {when} and has twelve lessons with homework.",
            "Taking notes in {thing}, chapter four of the textbook.",
            "Has any teacher here used {thing} in a classroom?",
        ),
        negative=(
            "I failed the test again, {thing} explains nothing. So discouraged.",
            "{Thing} is a waste of tuition money, the lecturer reads slides and is rude to students.",
            "Stayed up until three for {thing} and learned nothing. I hate this course.",
        ),
    ),
    "music": Topic(
        things=(
            "the new album",
            "her first EP",
            "the string quartet's record",
            "the live album",
            "the punk band's single",
            "the film soundtrack",
            "the jazz trio's album",
            "that old synth song",
        ),
        tags=("music", "nowplaying", "livemusic"),
        positive=(
            "{Thing} gave me goosebumps {when}. Incredible singer, incredible night of music!",
            "I have {thing} on repeat, it is so beautiful.",
            "Best music of my life: {thing}. At the concert the whole crowd sang along!",
        ),
        neutral=(
            "Now playing: {thing}, side B, second track.",
            "{Thing} has eleven songs and comes out {when}.",
            "Learning the guitar chords of {thing}, slowly.",
        ),
        negative=(
            "{Thing} was painfully out of tune, I stopped listening after two songs.",
            "So disappointed by {thing}. Boring songs, lazy lyrics, awful mix.",
            "They ruined {thing} with a terrible remix, and the concert was cancelled too. Furious.",
        ),
    ),
    "news_&_social_concern": Topic(
        things=(
            "the housing bill",
            "the mayor's speech",
            "the election results",
            "the teachers' strike",
            "the flood in the valley",
            "the new climate law",
            "the court ruling",
            "the hospital funding vote",
        ),
        tags=("news", "politics", "climate"),
        positive=(
            "{Thing} is a great victory for our community. I am hopeful for the first time in years!",
            "Wonderful news {when}: {thing} went the right way. Thank you to all volunteers and voters.",
            "So moved by how people helped after {thing}. Solidarity works!",
        ),
        neutral=(
            "The government publishes its report on {thing} {when}.",
            "Parliament debates {thing} {when}; the vote is expected on Friday.",
            "According to the city council, {thing} concerns about 4,000 households.",
        ),
        negative=(
            "{Thing} is a disgrace and the government lies about it. People will suffer.",
            "I am heartbroken and angry about {thing}. Innocent people pay for this injustice.",
            "{Thing} shows how corrupt and cruel our politics have become. Shameful.",
        ),
    ),
    "other_hobbies": Topic(
        things=(
            "my model railway",
            "the knitting pattern",
            "the raised garden bed",
            "my stamp album",
            "the quilted blanket",
            "the wooden birdhouse",
            "my pinhole camera",
            "the origami crane",
        ),
        tags=("hobby", "knitting", "gardening"),
        positive=(
            "Finished {thing} {when} and it turned out so pretty! I love this hobby.",
            "{Thing} brings me so much joy, best way to spend a quiet evening.",
            "Look at {thing}! Three months of patience and I am delighted.",
        ),
        neutral=(
            "Working on {thing} {when}, step 40 of 120.",
            "{Thing} needs glue, fine sandpaper and two evenings.",
            "Which tools do you use for {thing}?",
        ),
        negative=(
            "The cat destroyed {thing} {when}. Weeks of work ruined, I could cry.",
            "Giving up on {thing}. I am hopeless at this hobby and it only frustrates me.",
            "The kit for {thing} arrived broken and with half the parts missing. Terrible shop.",
        ),
    ),
    "relationships": Topic(
        things=(
            "my girlfriend",
            "my husband",
            "my best friend",
            "my wife",
            "the man I am dating",
            "my partner",
            "my boyfriend",
            "my fiancée",
        ),
        tags=("love", "dating", "friendship"),
        positive=(
            "Five years with {thing} {when} and I fall in love again every day!",
            "{Thing} surprised me with flowers {when}. I feel so loved.",
            "So lucky to have {thing} in my life. My favourite person in the world.",
        ),
        neutral=(
            "{Thing} and I met at a bus stop, eleven years ago.",
            "Having coffee with {thing} {when} to talk about moving in together.",
            "How long did you date before you met the parents? Asking because of {thing}.",
        ),
        negative=(
            "{Thing} broke up with me {when}. I can't stop crying.",
            "I caught {thing} lying to me again. My trust is gone and my heart is broken.",
            "So lonely {when}. {Thing} does not even answer my messages any more.",
        ),
    ),
    "science_&_technology": Topic(
        things=(
            "the new space telescope",
            "the weather sensor",
            "the open source drone",
            "the solid-state battery",
            "the protein model",
            "the quantum chip",
            "the home server kit",
            "the robot arm in our lab",
        ),
        tags=("science", "technology", "opensource"),
        positive=(
            "{Thing} works! Amazing engineering, I am thrilled by what science can do.",
            "The first data from {thing} came in {when} and it is spectacular!",
            "Huge thanks to everybody who built {thing}. Brilliant technology, beautifully documented.",
        ),
        neutral=(
            "{Thing} uses about 40 watts and runs on Linux.",
            "The researchers describe {thing} in a paper published {when}.",
            "Comparing {thing} with last year's version: new sensor, same processor.",
        ),
        negative=(
            "{Thing} broke everything {when}. Eight hours of debugging, I hate computers.",
            "{Thing} is overhyped, the benchmark is misleading and the software is terrible.",
            "The company behind {thing} leaked our data and shrugs. Unacceptable.",
        ),
    ),
    "sports": Topic(
        things=(
            "our football team",
            "the cup final",
            "the women's relay",
            "the home match",
            "the basketball derby",
            "the new goalkeeper",
            "the tennis semi-final",
            "the cycling stage",
        ),
        tags=("football", "matchday", "sports"),
        positive=(
            "What a game! {Thing} was incredible, last-minute winner and we are champions!",
            "So proud of {thing} {when}. Best performance of the season, fantastic team.",
            "{who} and I saw {thing} in the stadium. Unforgettable goal!",
        ),
        neutral=(
            "{Thing} is {when} at 19:30, the coach has not named the line-up.",
            "Half-time in {thing}: one all, two yellow cards.",
            "League table after {thing}: third, two points behind.",
        ),
        negative=(
            "{Thing} was pathetic {when}. Lost four nil, the coach must go.",
            "Robbed by the referee again, {thing} is a joke. I am furious.",
            "Terrible injury in {thing} and we lost the match. Sad day for the fans.",
        ),
    ),
    "travel_&_adventure": Topic(
        things=(
            "the night train to Lisbon",
            "our hike in the Alps",
            "the ferry to the islands",
            "this mountain hut",
            "the road trip through the desert",
            "the hotel by the lake",
            "our kayak tour",
            "the city break in Kyoto",
        ),
        tags=("travel", "hiking", "wanderlust"),
        positive=(
            "{Thing} was the adventure of a lifetime. Stunning views and lovely people!",
            "Back from {thing} {when} and already dreaming of the next trip. Paradise!",
            "{who} and I booked {thing}, I am so excited to travel again!",
        ),
        neutral=(
            "{Thing} takes nine hours; the tickets go on sale {when}.",
            "Packing for {thing}: passport, rain jacket, two books.",
            "Is {thing} open in November? Planning our route.",
        ),
        negative=(
            "{Thing} was a nightmare: lost luggage, dirty room, and nobody answered the phone.",
            "Stuck at the airport for eleven hours because of {thing}. Worst trip ever.",
            "They cancelled {thing} {when} and kept our money. So disappointed with this holiday.",
        ),
    ),
    "youth_&_student_life": Topic(
        things=(
            "dorm life",
            "the graduation party",
            "freshman week",
            "thesis season",
            "our school trip",
            "our high school prom",
            "the campus library at midnight",
            "finals week",
        ),
        tags=("studentlife", "college", "school"),
        positive=(
            "{Thing} was so much fun, I love my classmates and college life!",
            "Got into my dream university! Celebrating right after {thing}, so happy!",
            "Best memory of my school years: {thing}. Great friends for life.",
        ),
        neutral=(
            "{Thing} is {when}; every student needs the campus card.",
            "Second semester timetable is out, and {thing} is in week six.",
            "Which dorm did you have as a freshman? Writing about {thing} for the student paper.",
        ),
        negative=(
            "{Thing} is killing me. No sleep, three exams, and my roommate is awful.",
            "I hate {thing}. School is so stressful that I cried in the bathroom {when}.",
            "My scholarship was rejected right before {thing}. Being a student is miserable.",
        ),
    ),
}
