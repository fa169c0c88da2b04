"""Words that say nothing of what a slide is about, in English and German.

Question words, negations and words of degree (why, how, never, most) are not among them: what a hook asks or denies
may well be what it works by. As texts are compared: Unicode and case folded, so that ss stands for the German sharp s.
"""

from __future__ import annotations

_ENGLISH = """
a about after again all also am an and any are aren't as at be because been before being between both but by came can
could couldn't did didn't do does doesn't doing don't done down during each either else ever for from further get gets
getting go goes going got had hadn't has hasn't have haven't having he he's her here hers herself him himself his i i'd
i'll i'm i've if in into is isn't it it'd it'll it's its itself just let lets let's like made make makes may me might
mine more much must my myself of off on once one's onto or other our ours ourselves out over own per put same say
says she she's should shouldn't since so some still such than that that's the their theirs them themselves then there
there's these they they'd they'll they're they've this those though through till to too toward towards under until up
upon us use very via was wasn't we we'd we'll we're we've were weren't where's which while who's whom whose will with
within would wouldn't yet you you'd you'll you're you've your yours yourself yourselves
"""

_GERMAN = """
ab aber alle allem allen aller alles als also am an ander andere anderem anderen anderer anderes auch auf aus bei beim
bin bis bist da dabei dadurch dafuer dafür dagegen daher damit danach dann daran darauf daraus darf darin darum das
dass davon davor dazu dein deine deinem deinen deiner deines dem den denen denn der deren des dessen dich die dies
diese diesem diesen dieser dieses dir doch dort du durch ein eine einem einen einer eines einige er es etwas euch euer
eure eurem euren eurer fuer für gegen gehabt gewesen habe haben habt hast hat hatte hatten hier hin hinter ich ihm ihn
ihnen ihr ihre ihrem ihren ihrer ihres im in indem ins ist ja jede jedem jeden jeder jedes jene jenem jenen jener jenes
kann kannst koennen können könnt machen macht man manche mein meine meinem meinen meiner meines mich mir mit muss
musst müssen nach noch nun ob oder ohne sehr sein seine seinem seinen seiner seines seit selbst sich sie sind so solche
sollte sondern sonst ueber um und uns unser unsere unserem unseren unserer unter viel vom von vor war waren wart weil
weiter welche welchem welchen welcher welches wenn werde werden wie's will wir wird wirst wo wollen wurde wurden während
zu zum zur zwar zwischen über
"""

STOP_WORDS = frozenset((_ENGLISH + _GERMAN).split())
