import type { Lexicon } from '../lexicon.ts';

export const tr: Lexicon = {
  best: `seviyor* sevdim bayıl* aşk mükemmel* harika* muhteşem* şahane* inanılmaz* müthiş* olağanüstü kusursuz* süper*
    efsane* tebrik* enfes*`,
  good: `iyi* güzel* mutlu* sevindim sevin* beğen* teşekkür* sağol* keyif* keyifli hoş hoştu hoşuma hoşlan* komik* eğlenceli* eğlen* nazik*
    tatlı* başarı* kazan* ilginç* faydalı* yararlı* lezzetli* sakin* şans* sevgi* sevgiler öptüm kolay* haha* dost*
    arkadaş* tavsiye* memnun* gurur* umut* umarım çalışıyor bravo aferin helal rahat* severim sevmek seven sev* huzur*`,
  bad: `kötü* üzgün* üzül* üzdü maalesef kızgın* sinir* sıkıcı* sıkıl* çirkin* zor zordu zorlan* sorun* hata* bozuk* bozul* yavaş*
    yazık* kork* acı acıyor acıdı ağrı* ağla* endişe* yorgun* yorul* kaybet* hayal_kırıklığı zavallı* haksız* pahalı* saçma* aptal*
    suçlu suçla* başarısız* hasta* utan* pişman* yalnız* umutsuz* şanssız* rahatsız* bıktım mutsuz* keyifsiz* beğenmed* sevm* gereksiz* şikayet*`,
  worst: `nefret* berbat* iğrenç* korkunç* rezalet* felaket* çöp bok boktan lanet* salak* gerizekalı* dayanılmaz* işe_yaramaz
    ölüm rezil* tiksin*`,
  not: 'hiç asla',
  after: 'değil değildi değilim yok hiç',
  more: 'çok en pek aşırı gerçekten bayağı o_kadar fazla',
  less: 'biraz az neredeyse',
  but: 'ama fakat ancak',
};

export const id: Lexicon = {
  best: `cinta sayang luar_biasa sempurna hebat mantap keren menakjubkan terbaik fantastis istimewa indah 
    jempolan kece`,
  good: `baik bagus selamat senang suka bahagia gembira puas terima_kasih terimakasih makasih cantik ganteng lucu seru ramah
    sopan berhasil sukses menang menarik berguna bermanfaat enak lezat tenang beruntung mudah gampang haha* wkwk*
    teman sahabat rekomendasi bangga harapan semangat asik asyik nyaman lancar membantu gak_masalah tidak_masalah
    tidak_apa manis betah aman`,
  bad: `buruk jelek sedih kecewa marah kesal sebal bosan membosankan sulit susah masalah salah rusak lambat lemot
    sayangnya takut sakit nangis menangis khawatir capek lelah kalah hilang kasihan tidak_adil mahal konyol bodoh
    gagal malu menyesal bingung kesepian galau error lelet mengecewakan menyebalkan rugi stres`,
  worst: `benci mengerikan parah menjijikkan jijik sampah sialan bangsat goblok tolol brengsek terburuk bencana tai
     hancur muak `,
  not: 'tidak tak gak nggak ga enggak bukan kurang jangan tanpa belum ngga gk tdk',
  more: 'sangat sekali banget amat paling terlalu benar sungguh super',
  less: 'agak sedikit hampir lumayan',
  but: 'tapi tetapi namun',
};

export const ar: Lexicon = {
  best: `أحب احبك بحب بحبك أعشق عشق حب رائع رائعة روعة ممتاز ممتازة مذهل مذهلة عظيم عظيمة مثالي مبروك خرافي
    مبدع خيالي أفضل`,
  good: `جيد جيدة حلو حلوة جميل جميلة كويس كويسة منيح زين سعيد سعيدة فرحان فرحانة فرح مبسوط مبسوطة مسرور شكرا
    شكراً أشكرك مشكور لطيف لطيفة طيب طيبة ممتع ممتعة مضحك نجاح نجحت ناجح فزت فوز  مفيد مفيدة لذيذ لذيذة هادئ حظ
    يعجبني أعجبني عجبني عجبتني سهل ههه* صديق صديقي أصدقاء أنصح راضي راضية فخور أمل حبيبي حبيبتي خير  بركة تمام
    مرتاح`,
  bad: `سيء سيئة سيئ حزين حزينة حزن زعلان زعلانة غاضب غاضبة غضب ممل مملة ملل قبيح صعب صعبة مشكلة مشاكل خطأ أخطاء
    خربان معطل بطيء بطيئة خسارة خوف خائف خايف ألم يؤلم وجع أبكي بكيت قلق قلقان تعبان تعبانة متعب خسرت فقدت محبط
    محبطة مخيب ظلم غالي سخيف سخيفة غبي غبية فشل فاشل مريض مريضة عيب ندم نادم وحيد للأسف مزعج مزعجة أسوأ`,
  worst: `أكره   كراهية فظيع فظيعة مقرف مقرفة قرف زبالة قذر كارثة كارثي لعنة ملعون أحمق حقير رهيب مروع بشع
    بشعة زفت موت`,
  not: 'لا ليس ليست لم لن ما مش مو بدون غير بلا موش مب',
  after: 'أبدا',
  more: 'جدا كثير كتير أوي قوي حقا فعلا للغاية ',
  less: 'قليلا شوي شوية تقريبا',
  but: 'لكن بس ولكن',
};

export const hi: Lexicon = {
  best: `प्यार बेहतरीन शानदार कमाल लाजवाब ज़बरदस्त जबरदस्त अद्भुत उत्तम सर्वश्रेष्ठ बधाई गजब सुंदर सुन्दर बढ़िया
    मुबारक अद्भुत`,
  good: `अच्छा अच्छी अच्छे ठीक खुश ख़ुश खुशी ख़ुशी पसंद धन्यवाद शुक्रिया मज़ा मजा मज़ेदार मजेदार मस्त प्यारा प्यारी
    प्यारे सफल सफलता जीत जीते जीता दिलचस्प उपयोगी स्वादिष्ट शांत आसान दोस्त हाहा गर्व उम्मीद आशा मदद मददगार
    संतुष्ट आनंद बेहतर वाह शाबाश भाग्यशाली आराम सही दयालु हँसी`,
  bad: `बुरा बुरी बुरे दुखी दुख दुःख उदास नाराज़ नाराज गुस्सा ग़ुस्सा बोर उबाऊ मुश्किल कठिन समस्या परेशानी परेशान गलत
    ग़लत गलती टूटा धीमा धीमी डर दर्द रोना रोया चिंता थका थकी हार हारा निराश निराशा अन्याय महंगा महँगा मूर्ख
    असफल बीमार शर्म पछतावा अकेला अफ़सोस अफसोस खराब ख़राब तकलीफ शिकायत`,
  worst: `नफरत नफ़रत घृणा भयानक बकवास घटिया बेकार कचरा गंदा गंदी घिनौना बर्बाद तबाही कमीना बेवकूफ सबसे_बुरा मौत
    वाहियात`,
  not: 'नहीं न  मत बिना कभी_नहीं बिल्कुल_नहीं',
  after: 'नहीं नही मत',
  more: 'बहुत बहोत बेहद काफी काफ़ी इतना इतनी सबसे सच',
  less: 'थोड़ा थोड़ी लगभग कम',
  but: 'लेकिन मगर',
};
