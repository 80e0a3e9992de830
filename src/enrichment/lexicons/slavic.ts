import type { Lexicon } from '../lexicon.ts';

export const ru: Lexicon = {
  best: `люблю любит любим обожа* любовь отличн* отлично прекрасн* замечательн* великолепн* потрясающ* идеальн*
    восхитительн* восхищ* супер шикарн* чудесн* классн* гениальн* поздравля* обалденн* офигенн* восторг*`,
  good: `хорош* хороший лучше лучш* нрав* понрав* рад рада рады радость радост* радует счаст* доволь* весел*
    спасибо благодар* приятн* красив* милый милая милое милые мило смешн* забавн* добр* успех* побед* выигра* интересн* полезн* вкусн*
    спокойн* удач* обнима* целую класс круто крут* молодец ура хаха* ахах*  друзья рекоменд* горд* гордост*
    надежд* работает легко нормально неплох* умниц*`,
  bad: `плох* груст* печаль* печальн* хуже зл* злой зол злюсь скучн* скука некрасив* трудн* сложно проблем* ошибк*
    слома* медленн* жаль жалко страх* страшно боюсь боль больно болит плач* плакать тревож* беспоко* устал* потеря*
    разочаров* бедн* несправедлив* нерв* дорого надоел* жалу* смешон глуп* туп* виноват* провал* болен болею
    стыд* сожале* обид* одинок* нехорош* неприятн* несчаст*`,
  worst: `ненави* ужас* кошмар* отврат* мерзк* гадост* мусор дерьмо дерьмов* катастроф* невыносим* идиот* дебил*
    проклят* черт хрень бесполезн* худш* отстой гнусн* сволоч* дурак* дура смерть бесит бесят`,
  not: 'не нет ни никогда без никто ничего нельзя никак',
  more: 'очень так такой такая самый самая слишком совсем действительно реально настолько весьма',
  less: 'немного почти чуть мало слегка',
  but: 'но однако хотя',
};

export const pl: Lexicon = {
  best: `kocham kocha uwielbia* miłość wspania* świetn* fantastyczn* niesamowit* idealn* doskona* cudown* rewelacyjn*
    genialn* przepięk* gratul* super zajebist* rewelacja`,
  good: `dobrze dobry dobra dobre lepiej lepsz* najlepsz* lubię lubi podoba szczęś* zadowolon* cieszę cieszy radość
    wesoł* dzięki dziękuj* przyjemn* ładn* piękn* miły miła miło zabawn* śmieszn* sukces* wygra* ciekaw* przydatn*
    pyszn* smaczn* spokojn* fajn* brawo haha* przyjaci* poleca* dumn* nadziej* działa łatwo nieźle całuj* spoko`,
  bad: `źle zły zła złe smutn* smutek gorz* gorsz* wściek* nudn* nuda brzydk* trudn* problem* błąd błęd* zepsut*
    zepsuł* wolno szkoda boję strach ból boli płacz* martwi* zmęczon* stracił* rozczarowa* biedn* niesprawiedliw*
    denerw* drogo głupi* głupo*  chory chora wstyd* żałuj* niestety przykro* nieszczęś* niemił*`,
  worst: `nienawi* okropn* straszn* koszmar* obrzydliw* śmieci gówno katastrof* kurwa idiot* debil* bezużyteczn*
    najgorsz* beznadziejn* tragiczn* śmierć cholern* cholera`,
  not: 'nie nigdy ani bez nikt nic żaden żadna',
  more: 'bardzo tak naprawdę całkiem zbyt strasznie mega',
  less: 'trochę prawie mało lekko',
  but: 'ale jednak lecz',
};
