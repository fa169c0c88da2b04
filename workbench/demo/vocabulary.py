"""Invented words: handles, captions, hashtags, sounds and the texts on slides."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Niche:
    """What one kind of content talks about."""

    name: str
    handle_words: tuple[str, ...]
    nouns: tuple[str, ...]
    tags: tuple[str, ...]


def _words(text: str, separator: str = " ") -> tuple[str, ...]:
    return tuple(text.split(separator))


def _niche(name: str, handles: str, nouns: str, tags: str) -> Niche:
    return Niche(name, _words(handles), _words(nouns, ", "), _words(tags))


NICHES = (
    _niche(
        "recipes",
        "pantry spoon kettle crumb ladle skillet",
        "one-pan dinners, lentil bowls, overnight oats, sheet-pan suppers, freezer meals, lunch boxes, "
        "soups, "
        "flatbreads, noodle jars, roast trays, cold brews, breakfast wraps, bean stews, snack plates",
        "recipes mealprep easydinner onepan budgetmeals lunchideas cookwithme freezerfriendly highprotein "
        "weeknightdinner bakingtok soupseason",
    ),
    _niche(
        "fitness",
        "stride plank tempo reps kettlebell warmup",
        "morning stretches, desk workouts, hip openers, walking plans, core routines, rest days, warm-ups, "
        "pull-up ladders, mobility drills, ten-minute circuits, posture fixes, band exercises, run plans, "
        "cool-downs",
        "fitness homeworkout mobility walking coreworkout gymtok stretching beginnerfitness posture running "
        "strengthtraining restday",
    ),
    _niche(
        "study",
        "notes margin lamp library desk pencil",
        "flashcard decks, exam plans, lecture notes, reading sprints, revision weeks, essay outlines, "
        "focus blocks, "
        "study playlists, group projects, library days, mind maps, past papers, formula sheets, thesis "
        "drafts",
        "study studytok studywithme examseason notes productivity student flashcards focus university "
        "revision "
        "studytips",
    ),
    _niche(
        "skincare",
        "dew petal glow balm mist velvet",
        "barrier creams, morning routines, gentle cleansers, sunscreen swaps, night masks, lip balms, face "
        "rinses, "
        "texture fixes, dry patches, cotton pillowcases, cold spoons, travel minis, shelf edits, pore myths",
        "skincare skintok glow sunscreen skinbarrier nightroutine gentleskincare texture beautytips selfcare "
        "drugstore routine",
    ),
    _niche(
        "travel",
        "harbor compass ferry atlas pebble lantern",
        "night trains, carry-on lists, island ferries, market mornings, hidden beaches, rail passes, "
        "hostel kitchens, "
        "city walks, rainy days, border towns, mountain huts, window seats, street snacks, slow weekends",
        "travel traveltok hiddengems packing trainjourney weekendtrip budgettravel islandlife citybreak "
        "solotravel "
        "wanderlust roadtrip",
    ),
    _niche(
        "money",
        "ledger penny jar budget thrift tally",
        "no-spend weeks, sinking funds, grocery lists, payday plans, bill calendars, thrift finds, savings "
        "jars, "
        "side projects, price notes, cash envelopes, subscription audits, rent splits, spending diaries, "
        "gift funds",
        "money budgeting savingmoney payday nospend personalfinance frugal thrift sidehustle debtfree "
        "moneytips "
        "groceryhaul",
    ),
    _niche(
        "plants",
        "fern moss sprout trellis clover willow",
        "balcony herbs, root checks, leaf cuttings, low-light corners, repotting days, tomato starts, "
        "window boxes, "
        "watering habits, moss poles, seed trays, compost bins, bulb layers, shade beds, trailing vines",
        "plants planttok houseplants gardening propagation balconygarden plantcare seedlings urbanjungle "
        "herbs "
        "growyourown compost",
    ),
    _niche(
        "games",
        "pixel quest lobby token joystick arcade",
        "cozy games, speedrun tricks, indie demos, hidden bosses, farm layouts, puzzle rooms, couch co-op "
        "nights, "
        "retro carts, starter builds, side quests, card decks, map secrets, patch notes, photo modes",
        "gaming cozygames indiegame retrogaming gamertok speedrun couchcoop sidequest puzzlegames gamedev "
        "farmsim "
        "boardgames",
    ),
    _niche(
        "home",
        "attic linen nook mantel pantrydoor hallway",
        "hallway shelves, small closets, linen drawers, entry benches, under-sink bins, reading corners, "
        "cord boxes, "
        "rental walls, thrifted lamps, laundry steps, spice racks, bed layers, window films, tiny balconies",
        "home homehacks organizing smallspaces rentalfriendly declutter cleantok diy cozyhome thrifted "
        "laundry "
        "interior",
    ),
    _niche(
        "pets",
        "whisker paw biscuit burrow feather collar",
        "puppy routines, cat shelves, bird perches, rabbit pens, leash games, nail trims, rainy walks, "
        "treat puzzles, "
        "shedding weeks, vet bags, crate naps, window watching, kitten weeks, senior dogs",
        "pets pettok dogsoftiktok catsoftiktok puppy kitten rabbits petcare training rescuepets funnypets "
        "birds",
    ),
)
GENERAL_TAGS = ("fyp", "foryou", "viral", "slideshow", "learnontiktok", "tips", "xyzbca", "trending")

ACCOUNT_WORDS = _words(
    "quiet sunny paper velvet copper little daily north amber lucky plain mellow slow bright hazel cedar "
    "linen cobalt ivory maple silver coral umber misty tidy brisk olive dusky gentle wild honest"
)
ANIMALS = _words(
    "heron lynx otter finch badger ibex marten plover stoat gannet hare kestrel newt osprey pika quail raven "
    "shrew tern vole wren yak civet dunlin egret"
)
STUDIOS = _words("amber birch cobalt delta ember fjord grove harbor indigo juniper kelp lagoon meadow nectar")

OPENERS = (
    "Save this for later",
    "Nobody talks about",
    "The truth about",
    "I tried",
    "Stop scrolling for",
    "A week of",
    "Things I wish I knew about",
    "Ranking",
    "POV: you finally get",
    "Three rules for",
    "What changed after",
    "My honest notes on",
    "Unpopular opinion:",
    "How we do",
    "Beginner's guide to",
    "Day one of",
)
CLOSERS = (
    "part 2 tomorrow",
    "which one are you trying?",
    "tell me I'm wrong",
    "saving this for myself",
    "no sponsor, just notes",
    "ask me anything below",
    "number four surprised me",
    "swipe to the end",
    "you'll thank me later",
    "",
    "link in bio, as they say",
    "follow for the rest",
)
EMOJI = ("", "", "", "✨", "🔥", "😂", "🌿", "🥹", "👀", "💸", "🐶", "👩‍🍳")
# What text from strangers looks like: each of these has broken a page, a spreadsheet or a CSV reader.
TRICKS = (
    'She said "you need this", and I did',
    "two lines\nin one caption",
    "</script><script>alert('hi')</script> but make it cozy",
    "=cmd|'/c calc'!A0",
    "+1 for this, -1 for that",
    "@SUM(1+1)*cmd",
    "semi;colon, comma, and 100% of it",
    "<b>bold claim</b> & nothing else",
    "tab\there, quote ' there, back\\slash",
    "日本語とemoji 🎌, عربي too",
)

SLIDE_OPENERS = _words(
    "3|5|7|9|11|one|two|four|six|why|how|when|yes, these|not all|my top|ten|our|try these|forget|keep|"
    "the best|the worst|real|cheap|rare|old|new|weekly|quick|honest",
    "|",
)
SLIDE_ADJECTIVES = _words(
    "quiet|underrated|tiny|forgotten|messy|golden|lazy|brave|stubborn|crisp|gentle|odd|bold|patient|frugal|"
    "sturdy|"
    "clever|humble|vivid|steady|modest|fierce|plain|nimble|dusty|polished|hollow|floating|secret|seasonal|"
    "stackable|"
    "borrowed|midnight|sunlit|velvet|wrinkled|zigzag|frozen|toasted|salty",
    "|",
)
SLIDE_LINKS = _words(
    "for people who hate|that quietly replaced|I copied from|worth more than|hiding inside|before you buy|"
    "without any|to pair with|beyond|instead of|after years of|under the influence of|because of|despite|"
    "next to|"
    "built around|as seen during|stolen from|ruined by|saved by|for lovers of|against|ahead of|in spite of|"
    "through|"
    "born from|tested on|powered by|younger than|older than",
    "|",
)
SLIDE_OBJECTS = _words(
    "mondays|deadlines|grandma's advice|wet socks|elevator music|group chats|jet lag|early alarms|squeaky "
    "doors|"
    "lost receipts|long queues|cold coffee|noisy neighbors|rainy commutes|dead batteries|blank pages|loud "
    "opinions|"
    "expired coupons|empty fridges|tangled cables|winter colds|sunday dread|slow wifi|broken zippers|"
    "awkward silence|"
    "flat tires|paper cuts|hot takes|spilled tea|missing lids|big promises|short summers|late buses|small "
    "talk|"
    "dull knives|bad maps|cheap perfume|fake plants|sticky keyboards|moving boxes",
    "|",
)
SLIDE_ENDINGS = _words(
    "(swipe)|every single time|no questions asked|according to nobody|in under a minute|until further notice|"
    "and it shows|on a budget|the way we do|by friday|with zero effort|like a pro|twice a day|before "
    "breakfast|"
    "after dark|once you know|at any age|in any weather|for free|for good|this month|right now|step by step|"
    "from memory|on purpose|by accident|with witnesses|just because|at last|the hard way",
    "|",
)

SONG_FIRST = _words(
    "paper|neon|slow|glass|velvet|hollow|static|amber|midnight|silver|broken|liquid|summer|borrowed|"
    "electric|faded|"
    "golden|quiet|distant|double|violet|lunar|plastic|sugar|winter|crooked|echo|tidal|wooden|feral|marble|"
    "candle",
    "|",
)
SONG_SECOND = _words(
    "moons|avenue|hearts|signals|weather|static|rivers|ceiling|parade|satellites|garden|letters|thunder|"
    "mirrors|"
    "engine|lullaby|horizon|fever|postcards|elevator|shoreline|carousel|embers|notebook|voltage|lanterns|"
    "orchard|"
    "traffic|harbor|balloons|staircase|compass",
    "|",
)
ARTISTS = _words(
    "The Tin Herons|Mollusk Choir|DJ Bracken|Ossia Vale|Lo-Fi Larder|Night Ferry Club|Kelp & Sons|Polar "
    "Toast|"
    "Minor Planets|Saffron Relay|Hush Committee|Cardboard Tigers|Velour Union|Tape Garden|Ünder Süd|Fjord "
    "Fiesta|"
    "Low Tide Trio|Mirabel Fox|Pocket Orchestra|Static Bloom|Ten Past Never|Glasshouse Five|Wool & Wire|"
    "Sunday Engine",
    "|",
)
COMMENTS = (
    "this is so helpful",
    "saving this!!",
    "wait, number 3??",
    "I needed this today 😭",
    "where is the second part",
    "who else tried it",
    "not me doing this at 2am",
    "ok but the soundtrack",
    "first",
    "can you do one for beginners",
    "this changed my week",
    "hmm, I disagree",
    "love your page ✨",
    "the last slide 😂",
    "what font is that",
    "I tried it, it works",
    "more of these please",
    '"just do it" they said',
    "so true, sadly",
    "does it work in winter?",
    "following for more",
    "my sister sent me this\nand now I can't stop",
    "=1+1 is easier than this",
    "</script> nice try",
    "underrated account",
    "this again?",
    "seen this before somewhere",
    "how is this free",
    "brb, trying it",
    "the comments are gold",
)
