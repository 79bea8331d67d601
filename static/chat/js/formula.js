/**
 * Formulas: TeX as MathML, which the browser itself lays out. The renderer comes with the first formula. What it makes
 * goes through DOMPurify like everything else; what it cannot read stays the TeX that it is.
 */

import DOMPurify from "../../vendor/dompurify/purify.es.mjs";
import { words } from "./words.js";

/** Nobody writes a longer one by hand; more would only take time. */
export const LONGEST_TEX = 2_000;
const KEPT = 300;
const OPTIONS = { trust: false, strict: false, throwOnError: true, maxSize: [10, 40], maxExpand: 200, wrap: "tex" };

const ALLOWED = {
  IN_PLACE: true,
  ALLOWED_TAGS: [
    ..."math merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms mspace msqrt".split(" "),
    ..."mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none menclose #text".split(" "),
  ],
  // `style` was set property by property by the renderer, never by a model.
  ALLOWED_ATTR: [
    ..."accent accentunder class columnalign columnlines columnspacing columnspan depth display displaystyle".split(" "),
    ..."fence form frame height largeop linethickness lspace mathbackground mathcolor mathsize mathvariant".split(" "),
    ..."maxsize minsize movablelimits notation rowlines rowspacing rspace scriptlevel separator stretchy style".split(" "),
    ..."symmetric voffset width".split(" "),
  ],
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
};

/** The renderer, once it is there; `null` while it is not. */
let temml = null;
let loading = null;
/** What was rendered last, by its TeX: a paragraph that is being written is made anew with each piece. */
const kept = new Map();

/** An element that shows a formula, at once or as soon as the renderer is there. */
export function formula(tex, isBlock) {
  const place = document.createElement(isBlock ? "div" : "span");
  place.className = isBlock ? "formula block" : "formula";
  place.dir = "ltr";
  if (temml) {
    show(place, tex, isBlock);
  } else {
    place.classList.add("is-coming");
    place.textContent = tex;
    (loading ??= load()).then(() => {
      place.classList.remove("is-coming");
      show(place, tex, isBlock);
    });
  }
  return place;
}

function show(place, tex, isBlock) {
  const math = temml && tex.length <= LONGEST_TEX ? rendered(tex, isBlock) : null;
  place.classList.toggle("tex", !math);
  place.replaceChildren(math ?? tex);
  if (math && isBlock) requestAnimationFrame(() => letScroll(place));
}

function rendered(tex, isBlock) {
  const key = `${isBlock} ${tex}`;
  let math = kept.get(key);
  if (math === undefined) {
    math = make(tex, isBlock);
    kept.set(key, math);
    if (kept.size > KEPT) kept.delete(kept.keys().next().value);
  }
  return math?.cloneNode(true) ?? null;
}

function make(tex, isBlock) {
  try {
    const place = document.createElement("div");
    // New macros belong to the formula that defines them.
    temml.render(tex, place, { ...OPTIONS, displayMode: isBlock, macros: {} });
    const math = place.firstElementChild;
    return math ? DOMPurify.sanitize(math, ALLOWED) : null;
  } catch {
    return null;
  }
}

/** A wide formula scrolls by itself, by keyboard too. */
function letScroll(place) {
  if (place.scrollWidth <= place.clientWidth) return;
  place.tabIndex = 0;
  place.role = "region";
  place.ariaLabel = words.formula;
}

/** The page brings the addresses of the renderer along, in a template that does nothing by itself. */
function load() {
  const parts = document.getElementById("formulas")?.content.cloneNode(true);
  if (!parts) return Promise.resolve();
  const loads = [...parts.children].map(
    (part) =>
      new Promise((done) => {
        part.onload = part.onerror = done;
      }),
  );
  document.head.append(parts);
  return Promise.all(loads).then(() => {
    temml = window.temml ?? null;
    if (!temml) loading = null;
  });
}
