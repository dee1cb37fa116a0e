/**
 * The cases of a golden file, in their order, each exactly as it stands in the file. JSON.parse would turn 1.0 into 1
 * and -0.0 into 0, and wasm would then judge something other than the native side did.
 */
export function casesOf(file) {
  const start = /"cases"\s*:\s*\[/.exec(file);
  if (!start) return [];
  const cases = [];
  let depth = 0;
  let from = 0;
  for (let at = start.index + start[0].length; at < file.length; at += 1) {
    const character = file[at];
    if (character === '"') {
      at = endOfString(file, at);
    } else if (character === "{" || character === "[") {
      if (depth === 0) from = at;
      depth += 1;
    } else if (character === "}" || character === "]") {
      if (depth === 0) break;
      depth -= 1;
      if (depth === 0) cases.push(file.slice(from, at + 1));
    }
  }
  return cases;
}

function endOfString(file, from) {
  let at = from + 1;
  while (file[at] !== '"') at += file[at] === "\\" ? 2 : 1;
  return at;
}
