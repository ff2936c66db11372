// Writes table.jsonl: texts, and what the segment calculator of a gateway says of them. Made with
//   npm install sms-segments-calculator@1.3.0 && node table.mjs > table.jsonl
// Each line: [text, "GSM-7" or "UCS-2", units, segments]. The texts are random, from a seed, and stand at the edges of
// segments; the calculator keeps clusters of characters (flags, families) together, which is explained in segments.rs.
import { createRequire } from "node:module";
const { SegmentedMessage } = createRequire(import.meta.url)("sms-segments-calculator");

let seed = 20260101;
function random(below) {
  // A linear congruential generator (Numerical Recipes), so that the table can be made again.
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 4294967296) * below);
}
const one = (list) => list[random(list.length)];
const basic = [..."@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCXYZÄÖÑÜ§¿abcxyzäöñüà"];
const extended = [..."^{}\\[~]|€"];
const near = [..."çêâîôûáíóúýčšžłşğıőű’“”–…`\t\u00a0"];
const letters = [..."жщюяαβγאבגسلامनमस你好한글"];
const pictures = ["😀", "🎉", "🇰🇪", "🇫🇷", "👍🏽", "👨‍👩‍👧", "❤️", "e\u0301", "\u200b"];
const kinds = [
  [basic], [basic, basic, basic, extended], [extended], [basic, near], [letters], [basic, letters],
  [basic, basic, pictures], [pictures], [letters, letters, pictures], [basic, basic, basic, basic, near],
];
const edges = [0, 1, 66, 67, 68, 69, 70, 71, 132, 133, 134, 135, 152, 153, 154, 159, 160, 161, 201, 306];
const seen = new Set();
while (seen.size < 5100) {
  const kind = one(kinds);
  const length = random(4) === 0 ? random(120) : one(edges) + random(5) - 2;
  let text = "";
  while ([...text].length < length) text += one(one(kind));
  if (seen.has(text)) continue;
  seen.add(text);
  const message = new SegmentedMessage(text, "auto");
  const name = message.encodingName;
  const units = message.messageSize / (name === "GSM-7" ? 7 : 16);
  console.log(JSON.stringify([text, name, units, text === "" ? 0 : message.segments.length]));
}
