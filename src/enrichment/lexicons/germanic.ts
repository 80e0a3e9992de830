import type { Lexicon } from '../lexicon.ts';

export const de: Lexicon = {
  keepsAccents: true,
  best: `liebe liebt lieben geliebt ausgezeichnet* wunderbar* fantastisch* unglaublich* perfekt* großartig* genial*
    herrlich* hervorragend* wundervoll* begeistert* spitze traumhaft* glückwunsch toll* super klasse mega hammer
    wunderschön* brillant*`,
  good: `gut gute guter gutes guten gutem besser beste bester bestes gern gerne mag mögen gefällt gefallen froh
    glücklich* freu* freude danke dankbar* angenehm* schön* hübsch* lustig* witzig* nett* freundlich* erfolg* gewonnen
    gewinn* interessant* nützlich* lecker* köstlich* ruhig* glück lieb* cool geil bravo haha* freund* empfehl*
    zufrieden* stolz* hoffnung hoffentlich klappt funktioniert lohnt spaß kein_problem keine_probleme
    nicht_schlecht  prima hilfreich* küss* umarm*`,
  bad: `schlecht* schlimm* traurig* trauer ärger* wütend* sauer langweil* hässlich* schwierig* problem* fehler*
    kaputt* langsam* schade angst schmerz* weh weine* weint sorge* besorgt* müde verloren enttäusch*  ungerecht*
    nervig* nervt genervt teuer lächerlich* dumm* blöd* doof* schuld gescheitert krank* schäm* bereu* verwirr* leider
    unfreundlich* unglücklich* leid mies* stress*`,
  worst: `hasse hasst hassen gehasst hass schrecklich* furchtbar* entsetzlich* grauenhaft* ekel* eklig* müll scheiß*
    katastroph* abscheu* unerträglich* idiot* arschloch verdammt* nutzlos* widerlich* scheisse schlechteste* fürchterlich*
    grässlich* tot`,
  not: 'nicht kein keine keinen keiner keinem nie niemals weder ohne niemand nichts',
  after: 'nicht nie niemals',
  more: 'sehr so total echt wirklich extrem besonders ganz richtig zu voll',
  less: 'etwas leicht kaum fast ein_bisschen wenig eher',
  but: 'aber jedoch trotzdem',
};

export const nl: Lexicon = {
  best: `hou_van houd_van houden_van geweldig* fantastisch* ongelooflijk* perfect* prachtig* schitterend* uitstekend* heerlijk*
    gefeliciteerd liefde briljant* super top`,
  good: `goed goede beter beste leuk* fijn* mooi* blij gelukkig* vrolijk* bedankt dank dankbaar prettig* aardig*
    lief lieve grappig* gezellig* succes gewonnen interessant* nuttig* lekker* rustig* geluk cool haha* vriend*
    tevreden trots hoop werkt makkelijk graag geen_probleem niet_slecht knuffel* kus*`,
  bad: `slecht* droevig* verdriet* boos kwaad saai* lelijk* moeilijk* probleem problemen fout* kapot* langzaam
    traag jammer bang pijn huil* zorgen moe verloren teleurgesteld* teleurstel* zielig* oneerlijk* irritant* duur
    belachelijk* dom stom* schuld mislukt* ziek* schaam* spijt helaas vervelend* verdrietig*`,
  worst: `haat haten vreselijk* verschrikkelijk* afschuwelijk* walgelijk* rotzooi kut klote ramp* idioot idioten
    waardeloos* nutteloos* slechtste dood gruwelijk*`,
  not: 'niet geen nooit zonder niemand niets niks',
  after: 'niet nooit',
  more: 'heel zeer erg echt zo super ontzettend te enorm',
  less: 'beetje bijna nauwelijks best_wel weinig',
  but: 'maar echter',
};
