/**
 * Closes for display what a Markdown text under way has opened: `**`, `_`, backticks, links, tables. So nothing
 * is shown as markup characters first and as what they mean a moment later. Pure.
 */

/** What may become a rule, a heading, a list item, a fence or an underline with its next character. */
const UNDECIDED_LINE = /(?:^|\n)[ \t>]*(?:[-*+][ \t]+)?(?:[-=]+|[*_]{1,3}|\+|#{1,6}|\d{1,3}[.)]?|`{1,2}|~{1,3}|\||\[[ xX]?\]?)[ \t]*$/;
const ITEM = /^[ \t>]*(?:[-*+]|\d{1,9}[.)]|#{1,6})[ \t]+(?:\[[ xX]\][ \t]+)?/;
const FENCE = /^[ \t>]*(?:[-*+][ \t]+|\d{1,9}[.)][ \t]+)?(?:`{3,}|~{3,})/gm;
const RULE_OF_TABLE = /^[ \t]*\|?[ \t:|-]*$/;

/** The last block of a text under way, so that it renders as it will when it is finished. */
export function closeForDisplay(text) {
  if ((text.match(FENCE)?.length ?? 0) % 2) return text;
  const { known, end } = withoutOpenFormula(text);
  // What is in a formula is no Markdown.
  if (end === known.trimEnd().length) return known;
  const decided = known.replace(UNDECIDED_LINE, "");
  const whole = withTableRule(decided);
  const start = Math.max(inlineStart(whole), end);
  return whole.slice(0, start) + closeInline(whole.slice(start));
}

/** So much is held back at most while the end of a formula is awaited. */
const LONGEST_OPEN = { $: 120, "\\(": 400, $$: 2_000, "\\[": 2_000 };
const CLOSES = { $$: "$$", "\\(": "\\)", "\\[": "\\]" };
const FORMULA_MARK = /`+[^`]*`+|\\[\\`$]|\$\$|\\[()[\]]/g;

/**
 * A formula is shown when its end is there: until then what is in it cannot be read. Gives what can be shown, and where
 * the last formula that stands by itself ends in it.
 */
function withoutOpenFormula(text) {
  let open = null;
  let end = 0;
  for (const { 0: mark, index } of text.matchAll(FORMULA_MARK)) {
    if (open) {
      if (mark !== CLOSES[open.mark]) continue;
      if (open.mark !== "\\(") end = index + 2;
      open = null;
    } else if (Object.hasOwn(CLOSES, mark)) {
      open = { mark, index };
    }
  }
  if (open && text.length - open.index <= LONGEST_OPEN[open.mark]) return { known: text.slice(0, open.index), end };
  // Half of a mark.
  return { known: /(?:^|[^\\])(?:\\\\)*\\$/.test(text) ? text.slice(0, -1) : text, end };
}

/**
 * The formula in a sentence that begins at a place, if there is one and it has an end: {end, text, isBlock}.
 * `$` is a formula's only where it hugs what looks like one: prices stay prices.
 */
export function inlineFormulaEnd(text, from) {
  if (text[from] !== "$" && text[from] !== "\\") return null;
  const mark = text[from] === "\\" ? text.slice(from, from + 2) : text.startsWith("$$", from) ? "$$" : "$";
  if (mark === "$") {
    const end = singleEnd(text, from);
    return end > 0 ? { end: end + 1, text: text.slice(from + 1, end), isBlock: false } : null;
  }
  if (!Object.hasOwn(CLOSES, mark)) return null;
  const end = text.indexOf(CLOSES[mark], from + 2);
  const inside = text.slice(from + 2, end);
  if (end < 0 || !inside.trim() || inside.length > LONGEST_OPEN[mark] || /\n[ \t]*\n/.test(inside)) return null;
  return { end: end + 2, text: inside.trim(), isBlock: mark !== "\\(" };
}

/** Where the `$` is that ends the formula after the `$` at a place, or -1. */
function singleEnd(text, from) {
  if (/\s/.test(text[from + 1] ?? " ") || /[\w$\\]/.test(text[from - 1] ?? "")) return -1;
  for (let i = from + 1; i < text.length && i - from <= 400; i++) {
    if (text[i] === "\n" || text[i] === "`") return -1;
    if (text[i] === "\\") i++;
    else if (text[i] === "$") {
      if (/\s/.test(text[i - 1]) || /\d/.test(text[i + 1] ?? "")) return -1;
      const inside = text.slice(from + 1, i);
      return /[\\^_{}=<>+*/|]/.test(inside) || !/\s/.test(inside) ? i : -1;
    }
  }
  return -1;
}

/** Whether what comes after a `$` without an end may become a formula. A price is known by the space behind it. */
function mayBeFormula(inside) {
  if (inside.length > LONGEST_OPEN.$ || inside.includes("\n") || /^\d[\d.,]*\s/.test(inside)) return false;
  return /[\\^={]/.test(inside) || /^\S{0,8}$/.test(inside);
}

/** The first row of a table is a table's already: the rule under it is on its way. */
function withTableRule(text) {
  const lines = text.split("\n");
  let at = lines.length - 1;
  if (at > 0 && lines[at] === "") at--;
  if (at > 0 && /[|:-]/.test(lines[at]) && RULE_OF_TABLE.test(lines[at])) at--;
  const header = lines[at].trimEnd();
  if (!/^[ \t]*\|./.test(header) || RULE_OF_TABLE.test(header) || (at > 0 && lines[at - 1].trimStart().startsWith("|"))) return text;
  const cells = header.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).length;
  const row = header.endsWith("|") && header.trim() !== "|" ? header : `${header} |`;
  return [...lines.slice(0, at), row, "|---".repeat(cells) + "|"].join("\n");
}

/** Where the paragraph, item, heading or cell begins that is being written. */
function inlineStart(text) {
  let lineStart = text.lastIndexOf("\n") + 1;
  if (/^[ \t>]*\|/.test(text.slice(lineStart))) return text.lastIndexOf("|") + 1;
  for (;;) {
    const end = text.indexOf("\n", lineStart);
    const line = text.slice(lineStart, end < 0 ? text.length : end);
    const item = ITEM.exec(line);
    if (item) return lineStart + item[0].length;
    if (line.trim() === "") return Math.min(text.length, lineStart + line.length);
    if (lineStart === 0) return 0;
    lineStart = text.lastIndexOf("\n", lineStart - 2) + 1;
  }
}

const isSpace = (character) => character === undefined || /\s/.test(character);
const isPunctuation = (character) => character !== undefined && /[\p{P}\p{S}]/u.test(character);

function closeInline(text) {
  /** What is open: {mark, size, at}. */
  const open = [];
  let output = text;
  let tail = "";
  scan: for (let i = 0; i < text.length; ) {
    const character = text[i];
    switch (character) {
      case "\\":
        i = inlineFormulaEnd(text, i)?.end ?? i + 2;
        continue;
      case "$": {
        const end = inlineFormulaEnd(text, i)?.end;
        if (!end && !/[\s$]/.test(text[i + 1] ?? "x") && !/\w/.test(text[i - 1] ?? "") && mayBeFormula(text.slice(i + 1))) {
          output = text.slice(0, i);
          break scan;
        }
        i = end ?? i + 1;
        continue;
      }
      case "`": {
        const run = runAt(text, i);
        const end = closingRun(text, i + run, run);
        if (end >= 0) {
          i = end;
          continue;
        }
        const content = text.slice(i + run);
        // The closing run itself may be half there.
        const code = content.replace(/`+$/, "").trimEnd();
        output = code ? text.slice(0, i + run) + code : text.slice(0, i);
        tail = code ? "`".repeat(run) : "";
        break scan;
      }
      case "[":
        open.push({ mark: "[", size: 1, at: i });
        i++;
        continue;
      case "]": {
        const place = open.findLastIndex(({ mark }) => mark === "[");
        i++;
        if (place < 0) continue;
        const { at } = open[place];
        open.length = place;
        const next = text[i];
        if (next !== undefined && next !== "(") continue;
        const end = next === "(" ? destinationEnd(text, i) : -1;
        if (end > 0) {
          i = end;
          continue;
        }
        // Its address is on its way: the words stand without it.
        if (end === 0) continue;
        output = text.slice(0, text[at - 1] === "!" ? at - 1 : at) + text.slice(at + 1, i - 1);
        break scan;
      }
      case "*":
      case "_":
      case "~": {
        const run = runAt(text, i);
        const before = text[i - 1];
        const after = text[i + run];
        const opens = !isSpace(after) && (!isPunctuation(after) || isSpace(before) || isPunctuation(before));
        const closes = !isSpace(before) && (!isPunctuation(before) || isSpace(after) || isPunctuation(after));
        if (after === undefined && !matches(open, character, run)) {
          // Alone at the end: it opens something, or closes it with what comes next.
          output = text.slice(0, i);
          break scan;
        }
        let left = run;
        while (closes && left > 0 && open.at(-1)?.mark === character) {
          const last = open.at(-1);
          const taken = Math.min(last.size, left);
          last.size -= taken;
          left -= taken;
          if (last.size === 0) open.pop();
        }
        // Inside a word or a sum (2*3) it is left alone.
        const isInWord = !isSpace(before) && !isPunctuation(before);
        if (left > 0 && opens && !(isInWord && (left === 1 || character === "_")) && (character !== "~" || left === 2)) {
          open.push({ mark: character, size: left, at: i });
        }
        i += run;
        continue;
      }
      default:
        i++;
    }
  }
  const closers = [];
  for (const { mark, size, at } of open.toReversed()) {
    if (mark === "[") {
      // A label without its end: the words stand alone.
      const start = output[at - 1] === "!" ? at - 1 : at;
      output = output.slice(0, start) + output.slice(at + 1);
    } else if (output.slice(at + size).trim() === "" && tail === "" && closers.length === 0) {
      output = output.slice(0, at);
    } else {
      closers.push(mark.repeat(size));
    }
  }
  if (closers.length && !tail) output = output.trimEnd();
  return output + tail + closers.join("");
}

function runAt(text, start) {
  let end = start + 1;
  while (text[end] === text[start]) end++;
  return end - start;
}

/** Behind the run of exactly so many backticks that closes a code span, or -1. */
function closingRun(text, from, size) {
  for (let at = text.indexOf("`", from); at >= 0; ) {
    const run = runAt(text, at);
    if (run === size) return at + run;
    at = text.indexOf("`", at + run);
  }
  return -1;
}

/** Whether a run at the end of the text closes all of what was opened last. */
function matches(open, mark, size) {
  const last = open.at(-1);
  return last?.mark === mark && last.size <= size;
}

/** Behind the bracket that closes a link's address; -1 while it is not there, 0 when none can come. */
function destinationEnd(text, from) {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === "\n") return 0;
    else if (text[i] === "(") depth++;
    else if (text[i] === ")" && --depth === 0) return i + 1;
  }
  return -1;
}
