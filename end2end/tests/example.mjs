/** A CSV of 2000 rows in which the column `shifted` has moved and the column `steady` is not. Seeded: always the same text. */
export function csv({ seed, shift, rows = 2000 }) {
  const random = generator(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const lines = ["shifted,steady,kind"];
  for (let row = 0; row < rows; row += 1) {
    lines.push([normal() + shift, normal(), random() < 0.3 ? "card" : "cash"].join(","));
  }
  return lines.join("\n") + "\n";
}

// mulberry32: 32 bits of state, enough for a test table.
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
