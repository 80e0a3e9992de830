import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createLanguageDetector, type LanguageDetector } from '../../src/enrichment/language.ts';
import { createSentimentAnalyser } from '../../src/enrichment/sentiment.ts';
import { createWordsSentiment } from '../../src/enrichment/words-sentiment.ts';

const sentiment = createSentimentAnalyser();
const words = createWordsSentiment();
const labelIn = (code: string, text: string) => sentiment.analyse(text, { code, confidence: 1 }).label;

/** Said as people say it; the label is what a reader would give. */
const LINES: Record<string, { positive: string[]; negative: string[]; neutral: string[] }> = {
  es: {
    positive: [
      'me encanta esta canción',
      'muchas gracias, eres muy amable',
      'qué día tan bonito',
      'no está mal',
    ],
    negative: [
      'odio los lunes',
      'no me gusta nada',
      'la comida estaba fría y el servicio fue pésimo',
      'que triste',
    ],
    neutral: ['nos vemos a las tres', 'el tren sale de la estación', 'los precios del sol'],
  },
  pt: {
    positive: ['adorei o filme', 'muito obrigado pela ajuda', 'que dia lindo', 'ficou ótimo'],
    negative: ['odeio acordar cedo', 'não gostei disso', 'o serviço é péssimo', 'estou muito triste hoje'],
    neutral: ['a reunião é às três', 'entrei no chat agora', 'o ônibus passa aqui'],
  },
  it: {
    positive: ['adoro questa canzone', 'grazie mille, sei gentile', 'che bella giornata', 'non male'],
    negative: ['odio il lunedì', 'non mi piace', 'il servizio era pessimo', 'sono molto triste'],
    neutral: ['ci vediamo alle tre', 'il treno parte dalla stazione', 'ce ne sono due'],
  },
  fr: {
    positive: [
      'j’adore cette chanson',
      'merci beaucoup, c’est gentil',
      'quelle belle journée',
      'pas mal du tout',
    ],
    negative: ['je déteste le lundi', 'je n’aime pas ça', 'le service était affreux', 'je suis très triste'],
    neutral: ['on se voit à trois heures', 'le train part en décembre', 'la décision est prise'],
  },
  de: {
    positive: [
      'ich liebe dieses Lied',
      'vielen Dank, sehr nett von dir',
      'was für ein schöner Tag',
      'nicht schlecht',
    ],
    negative: [
      'ich hasse Montage',
      'das gefällt mir nicht',
      'der Service war furchtbar',
      'ich bin so traurig',
    ],
    neutral: ['wir sehen uns um drei', 'ich bin schon da', 'der Zug fährt vom Bahnhof ab'],
  },
  nl: {
    positive: ['ik hou van dit liedje', 'heel erg bedankt, wat lief', 'wat een mooie dag', 'niet slecht'],
    negative: ['ik haat maandagen', 'dit is niet leuk', 'de bediening was vreselijk', 'ik ben zo verdrietig'],
    neutral: ['we zien elkaar om drie uur', 'hou de deur open', 'de trein vertrekt van het station'],
  },
  ru: {
    positive: [
      'обожаю эту песню',
      'большое спасибо, ты очень добрый',
      'какой прекрасный день',
      'мне нравится',
    ],
    negative: ['ненавижу понедельники', 'мне это не нравится', 'обслуживание ужасное', 'мне так грустно'],
    neutral: ['встретимся в три часа', 'поезд уходит с вокзала', 'там живёт миллион человек'],
  },
  pl: {
    positive: ['uwielbiam tę piosenkę', 'bardzo dziękuję, to miłe', 'jaki piękny dzień', 'super, udało się'],
    negative: ['nienawidzę poniedziałków', 'nie podoba mi się to', 'obsługa była okropna', 'jest mi smutno'],
    neutral: ['widzimy się o trzeciej', 'pociąg odjeżdża z dworca', 'kupiłem dwa bilety'],
  },
  tr: {
    positive: ['bu şarkıya bayılıyorum', 'çok teşekkür ederim', 'ne güzel bir gün', 'çok beğendim'],
    negative: ['pazartesilerden nefret ediyorum', 'bu hiç iyi değil', 'hizmet berbattı', 'çok üzgünüm'],
    neutral: ['saat üçte görüşürüz', 'tren istasyondan kalkıyor', 'gitmek zorundayım'],
  },
  ar: {
    positive: ['أحب هذه الأغنية', 'شكرا جزيلا لك', 'يوم جميل جدا', 'الفيلم ممتاز'],
    negative: ['أكره يوم الاثنين', 'لا أحب هذا', 'الخدمة سيئة جدا', 'أنا حزين اليوم'],
    neutral: ['نلتقي في الساعة الثالثة', 'ألعب كرة القدم بكرة', 'القطار يغادر المحطة'],
  },
  hi: {
    positive: ['मुझे यह गाना बहुत पसंद है', 'बहुत धन्यवाद', 'आज का दिन शानदार है', 'खाना स्वादिष्ट था'],
    negative: ['मुझे सोमवार से नफरत है', 'यह अच्छा नहीं है', 'सेवा बहुत खराब थी', 'मैं बहुत दुखी हूँ'],
    neutral: ['हम तीन बजे मिलेंगे', 'ट्रेन स्टेशन से चलती है', 'मैं बाजार जा रहा हूँ'],
  },
  id: {
    positive: [
      'aku suka banget lagu ini',
      'terima kasih banyak',
      'hari yang indah',
      'makanannya enak sekali',
    ],
    negative: ['aku benci hari senin', 'aku gak suka ini', 'pelayanannya buruk sekali', 'aku sedih hari ini'],
    neutral: ['kita ketemu jam tiga', 'kereta berangkat dari stasiun', 'ada dua anjing di rumah'],
  },
};

describe('sentiment by words', () => {
  it('has lines here for every language that it knows', () => {
    assert.deepEqual([...words.languages].sort(), Object.keys(LINES).sort());
  });

  for (const [code, lines] of Object.entries(LINES)) {
    it(`labels praise, complaint and plain statements: ${code}`, () => {
      for (const [label, texts] of Object.entries(lines)) {
        for (const text of texts) assert.equal(labelIn(code, text), label, text);
      }
    });
  }

  it('counts what is raised for more, what is lowered for less, and what follows "but" most', () => {
    const score = (text: string) => words.score(text, 'de');
    assert.ok(score('sehr gut') > score('gut'));
    assert.ok(score('etwas langweilig') > score('langweilig'));
    assert.ok(score('gut!!') > score('gut'));
    assert.ok(score('gut, aber langweilig') < 0);
    assert.ok(score('langweilig, aber gut') > 0);
  });

  it('does not let a negation reach over the end of a clause', () => {
    assert.equal(labelIn('es', 'no, gracias'), 'positive');
    assert.equal(labelIn('de', 'heute nicht. gut, danke'), 'positive');
  });

  it('reads the same with and without accents where people leave them out', () => {
    assert.equal(words.score('não é péssimo', 'pt'), words.score('nao e pessimo', 'pt'));
    assert.equal(words.score('çok güzel', 'tr'), words.score('cok guzel', 'tr'));
  });

  it('reads emoji and emoticons in any language, and where there is no word', () => {
    assert.equal(labelIn('fr', 'je suis à la gare 😭'), 'negative');
    assert.equal(labelIn('fi', 'junassa 😍'), 'positive');
    assert.equal(sentiment.analyse('❤️❤️', { code: 'und', confidence: 0 }).label, 'positive');
    assert.equal(sentiment.analyse('http://example.org', { code: 'und', confidence: 0 }).label, 'neutral');
    assert.equal(sentiment.analyse('12:30', { code: 'und', confidence: 0 }).label, 'neutral');
  });

  it('names its lexicons in the version', () => {
    assert.match(sentiment.version, /^vader-sentiment-1\.1\.3\+\d+\/words-\d+$/);
  });

  it('gives a finite score of -1..1 for any text in any language, the longest too', () => {
    const code = fc.constantFrom(...words.languages);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), code, (text, language) => {
        assert.ok(Math.abs(words.score(text, language)) <= 1);
      }),
    );
    for (const language of words.languages) {
      for (const text of ['a'.repeat(4_000), 'a '.repeat(2_000), '😍'.repeat(2_000), ':('.repeat(2_000)]) {
        assert.ok(Math.abs(words.score(text, language)) <= 1);
      }
    }
  });
});

describe('language and sentiment together', () => {
  let detector: LanguageDetector;
  before(async () => {
    detector = await createLanguageDetector();
  });

  it('labels lines whose language is only guessed', () => {
    const all = Object.values(LINES).flatMap(({ positive, negative }) => [
      ...positive.map(text => ['positive', text] as const),
      ...negative.map(text => ['negative', text] as const),
    ]);
    const wrong = all.filter(([label, text]) => {
      const found = sentiment.analyse(text, detector.detect(text)).label;
      return found !== label;
    });
    // Short lines are not always told apart: of these at most a tenth may be labelled otherwise.
    assert.ok(wrong.length <= 9, wrong.map(([, text]) => text).join('\n'));
  });
});
