/**
 * The page's language. Words are looked up by their English ones; the page brings those of its language along.
 * `make translations` finds the calls of `gettext` and `ngettext` and keeps locale/ up to date.
 */

const language = document.documentElement.lang || "en";
const known = JSON.parse(document.getElementById("page-words")?.textContent ?? "{}");
const plurals = new Intl.PluralRules(language);
/** The order in which gettext counts its forms. */
const FORMS = ["zero", "one", "two", "few", "many", "other"].filter((form) => plurals.resolvedOptions().pluralCategories.includes(form));

/** The reader's own form of the page's language (en-GB on an English page), for dates and numbers. */
export const locale = navigator.languages?.find((tag) => base(tag) === base(language)) ?? language;

const numbers = new Intl.NumberFormat(locale);

/** A text in the page's language; `%(name)s` stands for a value. */
export function gettext(english, values) {
  const found = Object.hasOwn(known, english) ? known[english] : english;
  return fill(typeof found === "string" ? found : found[0], values);
}

/** Like `gettext`, in the form that a count needs; `%(count)s` stands for the count. */
export function ngettext(one, more, count, values) {
  const found = Object.hasOwn(known, one) ? known[one] : null;
  const form = Array.isArray(found) ? found[FORMS.indexOf(plurals.select(count))] ?? found.at(-1) : null;
  return fill(form ?? (count === 1 ? one : more), { count, ...values });
}

/** Whether the page has words of its own for an English text: in English, always. */
export function isTranslated(english) {
  return base(language) === "en" || Object.hasOwn(known, english);
}

function fill(text, values = {}) {
  return text.replace(/%\((\w+)\)s/g, (_, name) => (typeof values[name] === "number" ? numbers.format(values[name]) : values[name]));
}

function base(tag) {
  return tag.split("-")[0].toLowerCase();
}
