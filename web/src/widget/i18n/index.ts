import { en, type Strings } from './en';

/** Other languages are fetched only by those who read them. */
const others: Record<string, () => Promise<Strings>> = {
  de: () => import('./de').then((m) => m.de),
  fr: () => import('./fr').then((m) => m.fr),
  es: () => import('./es').then((m) => m.es),
  ar: () => import('./ar').then((m) => m.ar),
};
const RTL = new Set(['ar', 'he', 'fa', 'ur']);

export interface Locale {
  /** A valid BCP 47 tag, for Intl and `lang`. */
  tag: string;
  dir: 'ltr' | 'rtl';
  strings: Strings;
}

/** The language of a tag that may come from a page's attribute, so may be anything. */
export function languageOf(tag: string): string {
  try {
    return new Intl.Locale(tag.replaceAll('_', '-')).language;
  } catch {
    return 'en';
  }
}

/** Loads the strings of the first wanted language we have; English when none, or when they cannot be fetched. */
export async function loadLocale(wanted: readonly string[]): Promise<Locale> {
  for (const tag of wanted) {
    const language = languageOf(tag);
    if (language === 'en') break;
    const load = others[language];
    if (load === undefined) continue;
    try {
      return { tag: language, dir: RTL.has(language) ? 'rtl' : 'ltr', strings: await load() };
    } catch {
      break;
    }
  }
  return { tag: 'en', dir: 'ltr', strings: en };
}

/** Fills the {places} of a sentence. */
export function fill(sentence: string, values: Record<string, string | number>): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}
