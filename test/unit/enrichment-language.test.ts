import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createLanguageDetector, type LanguageDetector } from '../../src/enrichment/language.ts';

describe('language', () => {
  let detector: LanguageDetector;
  before(async () => {
    detector = await createLanguageDetector();
  });

  it('tells everyday lines of thirty languages apart', () => {
    const lines = {
      en: 'are you coming to the game tonight?',
      de: 'kommst du heute Abend zum Spiel?',
      fr: 'tu viens au match ce soir avec nous ?',
      es: '¿vienes al partido esta noche con nosotros?',
      it: 'vieni alla partita stasera con noi?',
      pl: 'czy przyjdziesz dziś wieczorem na mecz?',
      ru: 'ты придёшь сегодня вечером на игру?',
      uk: 'ти прийдеш сьогодні ввечері на гру? її ще немає',
      tr: 'bu akşam maça geliyor musun?',
      id: 'apakah kamu datang ke pertandingan malam ini?',
      ja: '今夜の試合に来ますか',
      zh: '你今晚来看比赛吗',
      ko: '오늘 밤 경기에 올 거예요?',
      el: 'θα έρθεις απόψε στον αγώνα;',
      ar: 'هل ستأتي إلى المباراة الليلة؟',
      pt: 'você vem ao jogo hoje à noite?',
      nl: 'kom je vanavond naar de wedstrijd?',
      sv: 'kommer du till matchen ikväll?',
      da: 'hvad laver du i aften, skal vi ikke se kampen sammen?',
      no: 'hva gjør du i kveld, skal vi ikke se kampen sammen?',
      fi: 'tuletko illalla katsomaan peliä?',
      cs: 'přijdeš dnes večer na zápas?',
      ro: 'vii la meci în seara asta?',
      hu: 'eljössz ma este a meccsre?',
      bg: 'ще дойдеш ли на мача довечера?',
      he: 'אתה בא למשחק הערב?',
      fa: 'امشب برای بازی می‌آیی؟',
      hi: 'क्या तुम आज रात मैच देखने आओगे?',
      vi: 'tối nay bạn có đến xem trận đấu không?',
      th: 'คืนนี้คุณจะมาดูเกมไหม',
    };
    for (const [code, text] of Object.entries(lines)) {
      const found = detector.detect(text);
      assert.equal(found.code, code, text);
      assert.ok(found.confidence > 0.5, text);
    }
  });

  it('says und, with no confidence, where there is no word to tell by', () => {
    for (const text of [
      '',
      '   ',
      '🔥🔥',
      '12:30',
      '!!!',
      'https://example.org/hello/world',
      '@some.one',
      'a@b.org',
      'x',
    ]) {
      assert.deepEqual(detector.detect(text), { code: 'und', confidence: 0 }, text);
    }
  });

  it('judges by the words around links, mentions and numbers', () => {
    assert.equal(
      detector.detect('@anna schau dir das bitte an https://example.org/the/english/page').code,
      'de',
    );
  });

  it('is not turned by one word in another script', () => {
    assert.equal(detector.detect('she said привет to everyone in the room').code, 'en');
    assert.equal(detector.detect('we had 寿司 for dinner last night').code, 'en');
  });

  it('gives a code and a finite confidence of 0..1 for any text', () => {
    const units = fc.array(fc.nat(0xffff), { maxLength: 120 }).map(list => String.fromCharCode(...list));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 120 }), units), text => {
        const { code, confidence } = detector.detect(text);
        assert.match(code, /^(?:[a-z]{2}|und)$/);
        assert.ok(confidence >= 0 && confidence <= 1);
        assert.equal(code === 'und', confidence === 0);
      }),
    );
  });

  it('settles the longest hostile messages', () => {
    for (const text of [
      'a'.repeat(4_000),
      'a@'.repeat(2_000),
      '1'.repeat(4_000),
      '\u0301'.repeat(4_000),
      '漢'.repeat(4_000),
    ]) {
      assert.match(detector.detect(text).code, /^(?:[a-z]{2}|und)$/);
    }
  });
});
