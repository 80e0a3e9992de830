/**
 * English words that are rude as whole words, by how strong they are, for what the pattern list does not know or
 * takes too widely. Written for this project; lower case, with the endings that occur.
 */
export type Strength = 'slur' | 'offensive' | 'strong' | 'mild' | 'insult';

const WORDS: Record<Strength, string> = {
  slur: `nigger niggers niggerish niglet niglets kike kikes faggot faggots faggy gook gooks wetback wetbacks
    raghead ragheads towelhead towelheads camelfucker jigaboo jigaboos porchmonkey porchmonkeys zipperhead zipperheads shitskin
    shitskins sandnigger sandniggers dindu dindus pickaninny niqqer niqqers nigur faget fagget fagit phaggot
    chingchong`,
  offensive: `spic spics nigga niggas niggaz nigah nig nigs chink chinks coon coons tranny trannies retard retards retarded beaner
    beaners dyke dykes paki pakis fag fags kaffir honky gypo pikey muzzie muzzies mongoloid negroid
    queers tard libtard libtards libtardism trumptard trumptards nigguh niggah nicca niccas honkies spastic spaz`,
  strong: `fuck fucks fucked fucker fuckers fuckin fucking fuckup fuckface fuckhead fuckwit fuckery fck fcking fckin fcuk fuk
    fuking fuker fuq phuck phuk fawk fukc fkin fkn motherfucker motherfuckers motherfucking mofo mofos mthrfckr
    shit shits shitty shitting shitter shithead shithole shitface shitshow shite sheit shyt siht bullshit
    bullshitter bullshitting dipshit batshit horseshit
    bitch bitches bitchy bitching bitchass biatch biotch beyotch beotch bytch btch bicth bich biches
    cunt cunts cunty kunt cnut cutn ucnt asshole assholes asshat assclown asswipe assface arsehole arseholes azzhole
    ashole ass azz dumbass dumbasses fatass smartass lardass bastard bastards bastrad
    dick dicks dickhead dickheads dickface dickwad dikhead dcik cock cocks cocksucker cocksuckers cocksucking
    cockface kock cawk pussy pussies pussi pusy pssy twat twats twta tawt wanker wankers wank wanking wnkr
    whore whores whoring whorish hore whor slut sluts slutty slutface sltu prick pricks
    jackass jackasses douche douchebag douchebags douchy skank skanky hoe hoes thot thots tosser bellend knobhead minger
    cum cumming cumshot jizz tits titties titty boobs boobies blowjob handjob dildo bukkake
    jerkoff ballsack nutsack shlong schlong bollocks milf anal anus rimjob fap fapping`,
  mild: `damn damned dammit damnit goddamn goddamned goddam crap crappy pissed piss pissing pisses arse arses
    butthole butthurt fart boob turd turds horny wtf stfu lmfao gtfo`,
  insult: `idiot idiots idiotic moron morons moronic imbecile imbeciles cretin cretins dimwit halfwit nitwit
    stupid stupidity dumb dumbest dumbo loser losers scumbag scumbags lowlife lowlifes pervert perverts pedo pedos
    pedophile pedophiles sissy fatso freak freaks vermin parasite parasites subhuman subhumans
    ugly worthless pathetic brainless braindead coward cowards jerk jerks weirdo creep creeps psycho
    lunatic nutjob nutcase ignoramus liar liars disgusting filth filthy sucks suck
    clown clowns mongrel mongrels ugliest whiner fatty`,
};

/**
 * Words of the lexicon that are ordinary in another language written in Latin letters: `cum` is Romanian for how,
 * `slut` Swedish for end, `fag` Danish for subject, `hoe` Dutch for how, `Dick` German for fat, `retard` French for
 * late, `Kike` a Spanish pet name.
 */
export const ORDINARY_ELSEWHERE: ReadonlySet<string> = new Set(
  `cum slut fag fags faget fagget hoe hoes hore dick dicks kike kikes anal anus retard retards stupid piss fart boob
    boobs boobies crap kock spic spics coon coons suck sucks jerk jerks fap fapping ass arse arses dyke dykes liar liars
    psycho gook gooks damn dumb freak freaks creep creeps nig nigs fuk prick pricks milf douche minger thot thots parasite
    parasites clown clowns lunatic paki pakis coward turd turds titty spaz tard fagit chink chinks gypo whor
    wank pedo pedos bollocks sissy weirdo mongoloid tranny twat twats slutty niccas nicca`.split(/\s+/),
);

/** Each word with its strength; where a word stands in two rows, the stronger one counts. */
export function lexicon(): Map<string, Strength> {
  const words = new Map<string, Strength>();
  for (const strength of ['slur', 'offensive', 'strong', 'mild', 'insult'] as const) {
    for (const word of WORDS[strength].split(/\s+/)) if (!words.has(word)) words.set(word, strength);
  }
  return words;
}
