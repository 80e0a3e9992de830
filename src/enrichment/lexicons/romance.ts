import type { Lexicon } from '../lexicon.ts';

export const es: Lexicon = {
  best: `amo amor adoro encanta encantan encantó encantado encantada excelente* maravill* fantástic* increíble
    perfect* genial geniales espectacular* precioso preciosa preciosos preciosas hermos* fabulos* magnífic* felicidades enhorabuena brillante`,
  good: `bien bueno buena buenos buenas buen mejor mejores gusta gustan gustó gustaría feliz felices content* alegr*
    gracias agradable* agradec* bonit* lind* guapo guapa divertid* simpátic* amable* genio éxito éxitos ganamos gané ganó ganar ganado ganaste interesante*
    útil útiles rico rica delicios* tranquil* suerte cariñ* besos abrazo* guay chévere mola bravo risa risas jaja* amig*
    recomiend* satisfech* orgullos* esperanza cool bacano chido funciona ilusión disfrut* disfrutar fácil vale_la_pena
    no_está_mal ningún_problema sin_problemas`,
  bad: `mal malo mala malos malas triste* tristeza peor molest* enfad* enojad* aburrid* feo fea feos feas difícil* problema* error*
    falla* fallo* roto rota lento lenta lástima miedo dolor* duele duelen lloro llor* preocup* cansad* soledad pena
    perdí perdido perdimos decepcion* pobre injust* nervios* caro cara harto harta quej* ridícul* tont* estúpid* culpa
    fracas* enferm* cansa grave vergüenza arrepient* confus*`,
  worst: `odio odia odian odié horrible* terrible* fatal asco asqueros* pésim* basura mierda espantos* desastre*
    detest* insoportable* idiota* imbécil* maldit* puta joder inútil* repugnante* peores muerte`,
  not: 'no nunca jamás ni tampoco sin nadie nada ningún ninguna',
  more: 'muy mucho mucha tan tanto super súper bastante demasiado realmente totalmente más re',
  less: 'poco algo casi apenas medio',
  but: 'pero sino aunque',
};

export const pt: Lexicon = {
  best: `amo amei adoro adorei amor excelente* maravilh* fantástic* incrível incríveis perfeit* ótimo ótima ótimos
    ótimas espetacular* lindo linda lindos lindas sensacional magnífic* parabéns genial brilhante `,
  good: `bem bom boa bons boas melhor melhores gosto gosta gostei gostamos feliz felizes content* alegr* obrigad*
    agradável agradeço bonit* divertid* legal legais simpátic* gentil sucesso ganh* interessante* útil delicios*
    gostos* tranquil* sorte carinho beijo* abraç* bacana show massa fixe giro gira kkk* haha* rsrs* amig* recomend*
    satisfeit* orgulh* esperança funciona fácil vale_a_pena curti valeu viva nada_mal sem_problemas`,
  bad: `mal mau má maus más ruim ruins triste* tristeza pior chato chata chatos chatas chatead* irritad* aborrecid* zangad* feio feia difícil*
    problema* erro* falha* quebrad* lento lenta pena medo dor dores dói chor* preocup* cansad* perdi perdemos
    decepcion* pobre injust* nervos* caro cara fart* reclam* ridícul* tonto burro estúpid* culpa fracass* doente*
    vergonha arrepend* saudade confus*`,
  worst: `odeio odiei odeia ódio horrível horríveis terrível terríveis péssim* nojo nojent* lixo merda desastre
    detest* insuportável idiota* imbecil maldit* porra inútil droga morte`,
  not: 'não nao nunca jamais nem sem ninguém nada nenhum nenhuma',
  more: 'muito muita demais tão super bastante realmente totalmente mais bem mega',
  less: 'pouco quase meio',
  but: 'mas porém embora',
};

export const it: Lexicon = {
  best: `amo adoro adora amore eccellente eccellenti meravigli* fantastic* incredibil* perfett* ottimo ottima ottimi
    ottime spettacol* bellissim* stupend* splendid* favolos* magnific* complimenti geniale bravissim*`,
  good: `bene ben buono buona buoni buone buon bravo brava bravi meglio migliore migliori piace piacciono piaciuto
    felice felici content* allegr* grazie gradevol* bello bella belli belle bel carin* divertent* divertit* simpatic*
    gentile gentili successo vinto vinta vinc* interessant* utile utili delizios* buonissim* tranquill* fortuna
    abbracc* baci evviva haha* amici amico amica consiglio consigliat* soddisfatt* orgoglios* speranza funziona facile
    vale_la_pena figo fico non_male niente_male nessun_problema senza_problemi`,
  bad: `male cattiv* trist* peggio peggiore arrabbiat* annoia* noios* brutto brutta brutti brutte difficil* problem*
    errore errori rott* lento lenta peccato paura dolore dolori piang* piango preoccup* stanc* perso persa
    delus* delud* povero ingiust* nervos*  stuf* lament* ridicol* stupid* scem* colpa fallit* malat* vergogn*
    pentit* confus* scars* purtroppo dispiace fastidi*`,
  worst: `odio odia odiano odiato orribil* terribil* pessim* schifo schifos* spazzatura merda disastr* detest*
    insopportabil* idiot* imbecill* maledett* cazzo inutil* orrend* vergognoso morte`,
  not: 'non mai  senza nessuno niente nulla nessun nessuna',
  more: 'molto molta tanto tanta così super davvero veramente totalmente più troppo proprio',
  less: 'poco quasi abbastanza',
  but: 'ma però anche_se',
};

export const fr: Lexicon = {
  best: `adore adoré adorons adorent amour excellent* merveill* fantastique* incroyable* parfait* génial* géniaux
    formidable* magnifique* superbe* sublime* splendide* félicitations extraordinaire* brillant* top kiffe`,
  good: `bien bon bonne bons bonnes mieux meilleur* aime aimé aimons aimez aiment plaît plaisir heureu* content*
    joyeu* joie merci agréable* joli* beau belle beaux belles drôle* marrant* amusant* sympa* gentil* succès réussi*
    gagn* intéressant* utile* délicieu* tranquille* chance bisou* bravo ami amis amie haha* mdr lol cool chouette
    recommand* satisfait* fier fière espoir  facile vaut_le_coup pas_mal pas_de_problème sans_problème mignon*`,
  bad: `mal mauvais* triste* tristesse pire fâché* énerv* ennuy* ennui moche* laid* difficile* problème* erreur*
    panne cassé* lent lente dommage peur douleur* pleur* inquiet* inquiète fatigué* perdu perdue déçu déçue déçus décev* pauvre
    injuste*  marre plain* ridicule* bête stupide* faute échec raté* malade* honte regrett* confus* pénible*
    galère malheureu* agaçant* bof`,
  worst: `déteste* détesté hais haine horrible* terrible* affreu* dégueu* dégoût* poubelle merde catastroph* nul
    nulle nuls insupportable* idiot* imbécile* connard* putain chiant* inutile* atroce* abominable* mort pourri*`,
  not: 'ne n pas jamais ni sans personne rien aucun aucune',
  after: 'pas jamais rien guère',
  more: 'très trop tellement super vraiment totalement si hyper tout',
  less: 'peu presque assez plutôt',
  but: 'mais cependant pourtant',
};
