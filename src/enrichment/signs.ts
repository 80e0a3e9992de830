/** Emoji and emoticons that say something in every language, by their valence. */
const VALENCES: readonly (readonly [valence: number, signs: string])[] = [
  [2.5, '😍 🥰 😘 ❤ 💕 💖 💗 💙 💚 💛 💜 🧡 🤩 🎉 🥳 🏆 <3'],
  [1.6, '😀 😃 😄 😁 😆 😊 🙂 😉 😂 🤣 😎 👍 👏 🙏 💪 🤗 😋 ✨ 🔥 :) :-) :D :-D ;) ;-) xD XD ^^ =) :3'],
  [-1.6, "😞 😔 😟 😕 🙁 ☹ 😣 😖 😩 😓 😥 😢 👎 💔 😒 🙄 😴 🤕 :( :-( :/ :-/ :'( =("],
  [-2.5, '😭 😡 😠 🤬 🤮 🤢 😱 💩 🖕 >:('],
];

/** The sign's valence, -3..3. */
export const SIGNS: ReadonlyMap<string, number> = new Map(
  VALENCES.flatMap(([valence, signs]) => signs.split(' ').map(sign => [sign, valence] as const)),
);
