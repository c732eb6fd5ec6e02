/** A word or a sentence in every language of the page; `{name}` in it stands for a value. */

export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;
export type Word = Readonly<Record<Language, string>>;
export type Words = Readonly<Record<string, Word>>;
