import type { LanguageModel } from '../api/types';

/** What a language model is asked for, as people call it. */
export const JOBS: Record<string, string> = {
  classify: 'Second opinion', extract: 'Reading values', summarise: 'Summaries', reply: 'Answers from articles', suggest: 'Drafts for agents', translate: 'Translations', screen: 'Checks of drafts', use: 'Look-ups for playbooks', embed: 'Articles by meaning',
};

/** The layers between the desk and the servers. */
export const LAYERS: Record<string, string> = {
  answers: 'Answers', cache: 'Cache', rate: 'Rate by customer', retry: 'Second tries', timeout: 'Time limits', fallback: 'Other server', concurrency: 'At once', journal: 'Journal',
};

/** What some layer counts under that name; nothing where none does. */
export function figure(model: LanguageModel | null, name: string): number | undefined {
  return model?.layers.map((it) => it.figures[name]).find((it) => it !== undefined);
}
