/** A conversation written for the demo: clean, rude, disguised and spammy lines, in several languages. */
export type Line = { user: string; text: string };

export const PEOPLE = ['amira', 'bruno', 'chen', 'dora', 'emil'];

const lines = (text: string): Line[] =>
  text
    .trim()
    .split('\n')
    .map(line => {
      const [user, ...rest] = line.trim().split(': ');
      return { user: user!, text: rest.join(': ') };
    });

export const CONVERSATION: Line[] = lines(`
  amira: Good morning! Did everybody get home safely after the concert?
  bruno: Yes, and I still have that last song in my head. What a wonderful evening.
  chen: 早上好！我到家已经很晚了，不过很值得。
  dora: Guten Morgen zusammen, ich habe verschlafen und den ersten Zug verpasst.
  emil: That's a shame, Dora. The trains were terrible last night as well.
  bruno: Terrible is polite. It was a complete shitshow at the station.
  amira: Easy, there are children in this room.
  bruno: Sorry. It was a complete mess at the station.
  dora: Macht nichts, ich nehme den nächsten und bringe Brötchen mit.
  chen: The violinist was amazing, I have never heard anything like it.
  emil: I hated the support act though. Forty minutes of noise, awful.
  amira: Je les ai trouvés plutôt bons, surtout la chanteuse.
  bruno: You have no taste, you f u c k i n g amateur.
  emil: And you have no manners, Bruno.
  chen: 大家别吵了，我们来看照片吧。
  dora: Wer hat Fotos gemacht? Meine sind alle unscharf.
  amira: J'en ai pris une centaine, je les envoie ce soir.
  emil: Great, thank you Amira, that is really kind of you!
  bruno: sh1t, I left my jacket there. Has anyone seen it?
  chen: I think the people at the cloakroom keep things for a week.
  dora: Ruf einfach an, die sind dort sehr freundlich.
  emil: WIN FREE CASH NOW!!! Claim your 1000 dollar prize today, click http://free-cash.example and call 0900 123456 urgent!!!
  amira: Emil, has somebody got into your account?
  emil: Oh no, that was not me. I am changing my password right now.
  bruno: Ha, for a moment I was ready to click. Good luck with it.
  chen: Me encantaría volver a verlos en verano, ¿quién se apunta?
  dora: Ich bin dabei! Im Juli spielen sie im Park.
  amira: Count me in. Scunthorpe in July, was it not? My cousin lives there.
  bruno: Then it is settled. What a b!tch of a drive, though.
  emil: Я тоже поеду, если будет место в машине.
  chen: Спасибо, Эмиль, место есть!
  dora: 😀🎻🎉
  amira: See you all tonight, and bring the photos.
  bruno: See you! And thanks, all of you, for putting up with me.
`);
