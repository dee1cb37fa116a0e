// PNG pictures of pages, made small: at most 256 colours, which is nearly all that a page has. Written for what Chromium's screenshots
// are, 8 bits a channel and not interlaced.
import { deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from("89504e470d0a1a0a", "hex");
const COLOURS = 256;

/** The same picture with a palette. */
export function indexed(png) {
  const { width, height, pixels } = decoded(png);
  const counts = new Map();
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const palette = chosen(counts);
  const places = new Map(palette.map((colour, place) => [colour, place]));
  const place = (colour) => {
    let found = places.get(colour);
    if (found === undefined) {
      found = nearest(palette, colour);
      places.set(colour, found);
    }
    return found;
  };
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0, at = 0; y < height; y++) {
    // A line begins with its filter: none.
    rows[at++] = 0;
    for (let x = 0; x < width; x++) rows[at++] = place(pixels[y * width + x]);
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const colours = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]));
  const data = deflateSync(rows, { level: 9, memLevel: 9 });
  return Buffer.concat([SIGNATURE, chunk("IHDR", head), chunk("PLTE", colours), chunk("IDAT", data), chunk("IEND", Buffer.alloc(0))]);
}

/** The colours to keep. Half are the commonest; the others are taken one after the other from what those serve worst. */
function chosen(counts) {
  const byCount = [...counts].sort(([, a], [, b]) => b - a);
  if (byCount.length <= COLOURS) return byCount.map(([colour]) => colour);
  const palette = byCount.slice(0, COLOURS / 2).map(([colour]) => colour);
  const rest = byCount.slice(COLOURS / 2, 20_000).map(([colour, count]) => ({ colour, count, gap: Infinity }));
  const look = (kept) => {
    for (const entry of rest) entry.gap = Math.min(entry.gap, distance(entry.colour, kept));
  };
  palette.forEach(look);
  while (palette.length < COLOURS) {
    const worst = rest.reduce((worst, entry) => (entry.gap * entry.count > worst.gap * worst.count ? entry : worst));
    if (worst.gap === 0) break;
    palette.push(worst.colour);
    look(worst.colour);
  }
  return palette;
}

function nearest(palette, colour) {
  let [best, least] = [0, Infinity];
  for (let place = 0; place < palette.length; place++) {
    const gap = distance(palette[place], colour);
    if (gap < least) [best, least] = [place, gap];
  }
  return best;
}

function distance(a, b) {
  const [red, green, blue] = [(a >> 16) - (b >> 16), ((a >> 8) & 255) - ((b >> 8) & 255), (a & 255) - (b & 255)];
  return red * red + green * green + blue * blue;
}

/** Width, height, and the pixels as numbers 0xRRGGBB. */
function decoded(png) {
  const parts = [];
  let head;
  for (let at = SIGNATURE.length; at < png.length;) {
    const length = png.readUInt32BE(at);
    const type = png.toString("latin1", at + 4, at + 8);
    const content = png.subarray(at + 8, at + 8 + length);
    if (type === "IHDR") head = content;
    if (type === "IDAT") parts.push(content);
    at += length + 12;
  }
  const [width, height, channels] = [head.readUInt32BE(0), head.readUInt32BE(4), head[9] === 6 ? 4 : 3];
  if (head[8] !== 8 || head[12] !== 0) throw new Error("this PNG is of another kind than Chromium's");
  const raw = inflateSync(Buffer.concat(parts));
  const stride = width * channels;
  const pixels = new Uint32Array(width * height);
  let above = new Uint8Array(stride);
  for (let y = 0; y < height; y++) {
    const [filter, from] = [raw[y * (stride + 1)], y * (stride + 1) + 1];
    const line = new Uint8Array(stride);
    for (let x = 0; x < stride; x++) {
      const [left, up, corner] = [x >= channels ? line[x - channels] : 0, above[x], x >= channels ? above[x - channels] : 0];
      line[x] = raw[from + x] + predicted(filter, left, up, corner);
    }
    for (let x = 0; x < width; x++) {
      const at = x * channels;
      pixels[y * width + x] = (line[at] << 16) | (line[at + 1] << 8) | line[at + 2];
    }
    above = line;
  }
  return { width, height, pixels };
}

/** PNG, section 9: what a filter takes the byte to be. */
function predicted(filter, left, up, corner) {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

function chunk(type, content) {
  const typed = Buffer.concat([Buffer.from(type, "latin1"), content]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  sum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, sum]);
}

function crc32(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}
